"""Damaged files: one line, or the right shapes and labels; never anything else.

``MEDJAX_FUZZ=20`` makes twenty times as many.
"""

import contextlib
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.data.pictures import decoding
from medjax.errors import UserError

CASES = int(os.environ.get("MEDJAX_FUZZ", "1"))
SLOWEST = 20  # seconds for one damaged file, on a busy machine
STARTING = 120  # for the first, before which much is imported
WORKER = pathlib.Path(__file__).with_name("fuzzing.py")


def _flips(rng, content):
    places = rng.integers(0, len(content), rng.integers(1, 9))
    for place in places:
        content[place] ^= 1 << rng.integers(8)
    return content


def _truncated(rng, content):
    return content[: rng.integers(0, len(content))]


def _zeros(rng, content):
    start, length = rng.integers(0, len(content)), rng.integers(1, 200)
    content[start : start + length] = bytes(len(content[start : start + length]))
    return content


def _header(rng, content):
    place = rng.integers(0, min(len(content), 400))
    content[place] = rng.integers(256)
    return content


def _moved(rng, content):
    start, length = rng.integers(0, len(content)), rng.integers(1, 64)
    return content[:start] + content[start + length :]


def _end(rng, content):
    place = len(content) - 1 - rng.integers(0, min(len(content), 200))
    content[place] = rng.integers(256)
    return content


MUTATIONS = (_flips, _truncated, _zeros, _header, _moved, _end)


def _damaged(key, content):
    rng = np.random.default_rng(key)
    return bytes(MUTATIONS[rng.integers(len(MUTATIONS))](rng, bytearray(content)))


class Worker:
    """A process that loads sets, ended where one takes too long."""

    def __init__(self, remarks):
        self._remarks, self.limit = remarks, STARTING
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with open(remarks, "wb") as stderr:
            self._process = subprocess.Popen([sys.executable, WORKER], **pipes, stderr=stderr)

    def load(self, name, **how):
        """``(splits, skipped)``, or None where it was one line; all else fails."""
        timer = threading.Timer(self.limit, self._process.kill)
        timer.start()
        try:
            pickle.dump((str(name), how), self._process.stdin)
            self._process.stdin.flush()
            outcome, loggers = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError):
            pytest.fail(f"{name}: died, or took longer than {self.limit} s")
        finally:
            timer.cancel()
        self.limit = SLOWEST
        if isinstance(outcome, Exception):
            pytest.fail(f"{name}: {outcome}")
        assert loggers <= {"medjax", "absl"}
        if isinstance(outcome, str):
            assert "\n" not in outcome and len(outcome) < 1000
            return None
        return outcome

    def close(self):
        """Ends it; nothing but lines of our own may stand in what it said."""
        with contextlib.suppress(BrokenPipeError):  # it may be dead
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        assert b"Traceback" not in self._remarks.read_bytes()


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    worker = Worker(tmp_path_factory.mktemp("worker") / "stderr")
    yield worker
    worker.close()


def test_what_hangs_or_dies_fails(tmp_path):
    """A pipe that nobody writes into is an image that is never read to its end."""
    worker = Worker(tmp_path / "stderr")
    assert worker.load(tmp_path / "gone.npz") is None
    for split in ("train/0", "train/1", "test/0"):
        (tmp_path / "set" / split).mkdir(parents=True)
        os.mkfifo(tmp_path / "set" / split / "a.png")
    worker.limit = 0.5
    for _ in range(2):
        with pytest.raises(pytest.fail.Exception, match=r"died, or took longer than 0\.5 s"):
            worker.load(f"folder:{tmp_path / 'set'}")
    worker.close()


def _arrays(columns):
    rng = np.random.default_rng(1)
    arrays = {}
    for split, count in (("train", 12), ("val", 4), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, 6, 6), np.uint8)
        labels = np.arange(count)[:, None] % 2
        if columns > 1:
            labels = rng.integers(0, 2, (count, columns))
            labels[0] = 1
        arrays[f"{split}_labels"] = labels.astype(np.uint8)
    return arrays


@pytest.mark.parametrize("columns", [1, 9])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(columns, save, worker, tmp_path):
    path, arrays = tmp_path / "set.npz", _arrays(columns)
    save(path, **arrays)
    content, loaded = path.read_bytes(), 0
    for case in range(75 * CASES):
        path.write_bytes(_damaged([columns, case], content))
        streaming = data.Streaming(above=0, cache=tmp_path / "cache") if case % 5 == 0 else None
        outcome = worker.load(path, streaming=streaming)
        if outcome is None:
            continue
        loaded += 1
        splits, _ = outcome
        assert {"train", "test"} <= set(splits)  # or the names of val's arrays were hit, both
        for split, (images, labels) in splits.items():
            np.testing.assert_array_equal(images[..., 0], arrays[f"{split}_images"])
            expected = arrays[f"{split}_labels"]
            np.testing.assert_array_equal(labels.reshape(expected.shape), expected)
    assert loaded < 75 * CASES / 2


def test_an_array_cut_short_by_its_header_is_refused(tmp_path):
    """The archive's checksum would not tell: it is compared at the end alone."""
    path = tmp_path / "set.npz"
    arrays = {name: np.tile(x, (5000,) + (1,) * (x.ndim - 1)) for name, x in _arrays(9).items()}
    np.savez(path, **arrays)
    path.write_bytes(path.read_bytes().replace(b"000, 9)", b"000, 3)"))
    with pytest.raises(UserError, match="differs from its header"):
        data.load(path)


def _pictures():
    """File contents by name, of every kind that Pillow writes."""
    rng, made = np.random.default_rng(2), {}
    colour = rng.integers(0, 256, (14, 11, 3), np.uint8)
    deep = rng.integers(0, 2**16, (14, 11), np.uint16)
    exif = Image.Exif()
    exif[274] = 6
    image = Image.fromarray(colour)
    for name, picture, how in (
        ("a.png", image, {}),
        ("b.jpg", image, {"exif": exif}),
        ("c.tif", image, {"compression": "tiff_lzw"}),
        ("d.bmp", image, {}),
        ("e.png", Image.fromarray(deep), {}),
        ("f.tif", Image.fromarray(deep), {}),
        ("g.png", image.quantize(16), {}),
        ("h.tif", image, {"compression": "jpeg"}),
        ("i.gif", image.quantize(16), {}),
        ("j.webp", image, {"lossless": True}),
        ("k.jp2", image, {}),
        ("l.pgm", Image.fromarray(deep), {}),
    ):
        made[name] = picture, how
    return made


def _check_folder(worker, folder, name, content, key, **options):
    """Damages one file of class 0; whatever is read of it has that label, and is one line else."""
    file, cache = folder / "train" / "0" / name, folder.parent / "cache"
    file.write_bytes(_damaged(key, content))
    skip = key[-1] % 2 == 1
    sources = data.Sources(convert=data.ConvertOptions(skip_unreadable=skip), **options)
    streaming = data.Streaming(above=2**40, cache=cache)
    outcome = worker.load(f"folder:{folder}", size=8, streaming=streaming, sources=sources)
    shutil.rmtree(cache, ignore_errors=True)
    passed_over = not decoding.is_picture(file)
    file.unlink()
    if outcome is None:
        assert not skip
        return 0
    splits, skipped = outcome
    images, labels = splits["train"]
    assert images.shape[1:] in ((8, 8, 1), (8, 8, 3)) and len(images) == len(labels)
    if skipped:
        assert skip and [place for place, _ in skipped] == [f"train/0/{name}"]
        assert labels.tolist() == [0, 1]
        return 0
    frames = len(labels) - 2
    if passed_over:
        assert labels.tolist() == [0, 1]
        return 0
    assert frames >= 1 and labels.tolist() == [0] * (frames + 1) + [1]
    several = [how for how in options.values() if "all" in how]
    assert frames == 1 or several
    return 1


@pytest.fixture
def folder(tmp_path):
    for split, label in (("train", 0), ("train", 1), ("test", 0)):
        place = tmp_path / "set" / split / str(label)
        place.mkdir(parents=True)
        Image.fromarray(np.full((9, 9), 40 * label, np.uint8)).save(place / "z.png")
    return tmp_path / "set"


def test_pictures(worker, folder, tmp_path):
    loaded, kinds = 0, _pictures()
    for number, (name, (picture, how)) in enumerate(kinds.items()):
        picture.save(tmp_path / name, **how)
        content = (tmp_path / name).read_bytes()
        for case in range(25 * CASES):
            loaded += _check_folder(worker, folder, name, content, [number, case])
    assert 0 < loaded < len(kinds) * 25 * CASES


def _dicoms(root):
    """Contents of small files of many transfer syntaxes."""
    with zipfile.ZipFile(root / "dicom_samples.zip") as archive:
        for name in archive.namelist():
            small = name.endswith(".dcm") and archive.getinfo(name).file_size < 60_000
            if small and ("tiny" not in name or "CR" in name):
                yield name, archive.read(name)


def test_dicom(worker, folder, real_data_root):
    pytest.importorskip("pydicom")
    loaded = total = 0
    for number, (_, content) in enumerate(_dicoms(real_data_root)):
        for case in range(10 * CASES):
            frames = data.DicomOptions(frames="all" if case % 4 > 1 else "middle")
            total += 1
            key = [number, case]
            loaded += _check_folder(worker, folder, "a.dcm", content, key, dicom=frames)
    assert total >= 150 * CASES and 0 < loaded < total


def _niftis(tmp_path):
    """Contents of small files by suffix: plain and zipped, with and without a scale."""
    nibabel = pytest.importorskip("nibabel")
    voxels = np.random.default_rng(3).integers(-900, 900, (7, 6, 4)).astype(np.int16)
    for suffix in (".nii", ".nii.gz"):
        for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
            for values in (voxels, voxels / 7):
                image = kind(values, np.diag([2.0, -1, 3, 1]))
                image.set_data_dtype(np.int16)
                image.to_filename(tmp_path / f"a{suffix}")
                yield suffix, (tmp_path / f"a{suffix}").read_bytes()


def test_nifti(worker, folder, tmp_path):
    loaded = total = 0
    for number, (suffix, content) in enumerate(_niftis(tmp_path)):
        for case in range(25 * CASES):
            slices = data.NiftiOptions(slices="all" if case % 4 > 1 else "middle", axis=case % 3)
            total += 1
            key = [number, case]
            loaded += _check_folder(worker, folder, f"a{suffix}", content, key, nifti=slices)
    assert total == 200 * CASES and 0 < loaded < total
