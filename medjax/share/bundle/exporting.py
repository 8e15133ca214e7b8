"""Writes the images of a bundle in a layout that other programs read."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from medjax import data, store
from medjax.errors import UserError, unknown
from medjax.share.bundle import imagefolder, medmnist
from medjax.share.bundle.reading import Bundle, read_bundle
from medjax.store import expand_user


def export(path: str | os.PathLike[str], out: str | os.PathLike[str], *, to: str) -> list[Path]:
    """Writes the images of a bundle elsewhere, after checking all of it.

    Args:
      path: the bundle, or the folder that it was unpacked to.
      out: the file to write, which is not there yet; for ``imagefolder`` the folder, which is new
        or empty.
      to: ``imagefolder``, 8-bit PNG files by class with ``metadata.csv``; ``npz``, the
        ``synthetic.npz`` that ``medjax.evaluate`` reads; or ``medmnist``, 8-bit images in the
        layout of MedMNIST, which its own loader reads if the file is called like the set, as in
        ``pneumoniamnist.npz``.

    Returns:
      The files that were written.

    Raises:
      UserError: if the bundle is damaged, the layout is unknown, or a file is there already or
        cannot be written.

    Example:
      >>> export("site_a.zip", "site_a", to="folder")
      Traceback (most recent call last):
      medjax.errors.UserError: unknown layout 'folder' (did you mean 'imagefolder'?); choose ...
    """
    if to not in LAYOUTS:
        raise unknown("layout", to, LAYOUTS)
    if to != "imagefolder" and os.fspath(out).endswith(os.sep):
        raise UserError(f"{out} is a folder, and the layout {to} is one file; name the file")
    out = expand_user(out)
    if to == "imagefolder" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already; choose a new or an empty folder")
    if to != "imagefolder":
        if os.path.lexists(out) or os.path.exists(os.path.realpath(out)):
            raise _is_there(out)
        store.require_writable(out)
    files = LAYOUTS[to](read_bundle(path))
    if to == "imagefolder":
        _write_folder(out, files)
    else:
        _write_new(out, files[""])
    return [out / name for name in files]


def _write_new(out: Path, content: bytes) -> None:
    """Writes a file that is whole or absent, and replaces none.

    A file that is there may be the real images, which have the same name in MedMNIST's layout.
    """
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    store.write_bytes(temporary, content)
    try:
        _take_name(temporary, out)
    except FileExistsError as error:
        raise _is_there(out) from error
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, out: Path) -> None:
    """Gives a file the name of none that is there."""
    try:
        os.link(temporary, out)
    except FileExistsError:
        raise
    except OSError:  # of a disk without links
        with open(out, "xb"):
            pass
        try:
            os.replace(temporary, out)
        except BaseException:
            out.unlink()
            raise


def _is_there(out: Path) -> UserError:
    return UserError(f"{out} is there already; choose another file")


def _write_folder(out: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder of files that is whole or absent."""
    temporary = out.absolute().with_name(f".{out.absolute().name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir(parents=True)  # nobody's but ours
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error
    try:
        for name, content in files.items():
            store.write_bytes(temporary / name, content)
        os.replace(temporary, out)  # which may be an empty folder
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _imagefolder(bundle: Bundle) -> dict[str, bytes]:
    images, labels = bundle.shared[:2]
    return imagefolder.entries(
        images, labels, classes=bundle.classes, multi_label=bundle.multi_label
    )


def _npz(bundle: Bundle) -> dict[str, bytes]:
    return {"": data.synthetic_bytes(bundle.shared)}


def _medmnist(bundle: Bundle) -> dict[str, bytes]:
    images, labels = bundle.shared[:2]
    return {"": medmnist.content(images, labels, multi_label=bundle.multi_label)}


LAYOUTS: dict[str, Callable[[Bundle], dict[str, bytes]]] = {
    "imagefolder": _imagefolder,
    "npz": _npz,
    "medmnist": _medmnist,
}
"""The layouts by name: the bytes of each file by its place below the folder, or of the one file."""
