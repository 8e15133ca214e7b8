"""What a file is that lies in the place of an npz file, by its first bytes."""

import pathlib
import zipfile

from medjax.data.damaged import NPZ_ERRORS

IMAGES = ("a PNG file", "a JPEG file")
"""Kinds that are images."""
_HEAD = 1024
_ZIP = b"PK\x03\x04"
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the first of several pickles
_STOPPED = "cut short, as after a download that stopped; fetch it again"
_PACKED = "a compressed file; unpack it"
_SAVE = "save its arrays with np.savez"
_STARTS = (
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with git lfs pull"),
    *zip((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"), IMAGES, strict=True),
    (b"\x93NUMPY", f"a single array of np.save; {_SAVE}"),
    *((start, _PACKED) for start in (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!")),
    (b"\x28\xb5\x2f\xfd", _PACKED),
    (b"MATLAB 5.0", f"a MATLAB file; read it with scipy.io.loadmat and {_SAVE}"),
    (b"\x89HDF\r\n\x1a\n", f"an HDF5 file, as h5py and MATLAB write it; {_SAVE}"),
    (_OLD_TORCH, f"a file of torch; {_SAVE}"),
    *((b"\x80" + bytes([n]), f"a pickle, which is never read; {_SAVE}") for n in range(2, 6)),
)


def kind_of(path: pathlib.Path) -> str | None:
    """Says what a file is instead of a readable npz file, and what to do.

    Args:
      path: the file.

    Returns:
      Words that follow "it is"; None if the first bytes say nothing.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "set.npz")
      ...     _ = file.write_bytes(b"<html>404")
      ...     kind_of(file)
      'a web page, such as an error page that was saved in its place; fetch it again'
    """
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    if not head:
        return "empty, as after a download that stopped; fetch it again"
    if head.startswith(_ZIP) or _ZIP.startswith(head):
        return _kind_of_zip(path)
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if not head.strip(b"\0"):
        return _STOPPED
    return _kind_of_text(head)


def is_torch(path: pathlib.Path) -> bool:
    """Returns whether a file is one that ``torch.save`` writes, whatever its name.

    Example:
      >>> is_torch(pathlib.Path("no-such-file.pt"))
      False
    """
    try:
        with open(path, "rb") as stream:
            if stream.read(len(_OLD_TORCH)) == _OLD_TORCH:
                return True
        with zipfile.ZipFile(path) as archive:
            return _has_pickle(archive)
    except NPZ_ERRORS:
        return False


def _has_pickle(archive: zipfile.ZipFile) -> bool:
    return any(name.split("/")[1:] == ["data.pkl"] for name in archive.namelist())


def _kind_of_zip(path: pathlib.Path) -> str | None:
    if not zipfile.is_zipfile(path):  # the list of its members, at the end, is missing
        return _STOPPED
    try:
        with zipfile.ZipFile(path) as archive:
            names, torch = archive.namelist(), _has_pickle(archive)
    except NPZ_ERRORS:
        return None
    if torch:
        return f"a file of torch; {_SAVE}"
    if any(name.endswith(".npy") for name in names):
        return None
    return f"a zip file without arrays; unpack images and read them as folder:PATH, or {_SAVE}"


def _kind_of_text(head: bytes) -> str | None:
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # otherwise a character is cut
            return None
        text = head[: error.start].decode("utf-8-sig")
    if text.lstrip().startswith("<"):
        return "a web page, such as an error page that was saved in its place; fetch it again"
    if all(letter.isprintable() or letter.isspace() for letter in text):
        return "a text file, such as an error message that was saved in its place; fetch it again"
    return None
