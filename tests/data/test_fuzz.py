"""Damaged files: one line, or the right shapes and labels; never anything else.

``MEDJAX_FUZZ=20`` makes twenty times as many.
"""

import os
import shutil
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.errors import UserError

CASES = int(os.environ.get("MEDJAX_FUZZ", "1"))
SLOWEST = 20  # seconds for one damaged file, on a busy machine
LABELS = np.arange(6) % 2


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


@pytest.fixture(autouse=True)
def _nothing_but_our_own_lines(caplog, capfd):
    yield
    assert {record.name for record in caplog.get_records("call")} <= {"medjax", "absl"}
    assert "Traceback" not in capfd.readouterr().err


def _outcome(name, **how):
    """The set, or None for one line; all else is raised."""
    start = time.perf_counter()
    try:
        return data.load(name, **how)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 1000
        return None
    finally:
        assert time.perf_counter() - start < SLOWEST


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
def test_npz(columns, save, tmp_path):
    path, arrays = tmp_path / "set.npz", _arrays(columns)
    save(path, **arrays)
    content, loaded = path.read_bytes(), 0
    for case in range(75 * CASES):
        path.write_bytes(_damaged([columns, case], content))
        streaming = data.Streaming(above=0, cache=tmp_path / "cache") if case % 5 == 0 else None
        dataset = _outcome(path, streaming=streaming)
        if dataset is not None:
            loaded += 1
            for split in ("train", "val", "test"):
                found = getattr(dataset, split)
                if found is None:  # the names of val's arrays were hit, both
                    assert split == "val"
                    continue
                np.testing.assert_array_equal(found.images[..., 0], arrays[f"{split}_images"])
                expected = arrays[f"{split}_labels"]
                np.testing.assert_array_equal(found.labels.reshape(expected.shape), expected)
    assert loaded < 75 * CASES / 2


def test_an_array_cut_short_by_its_header_is_refused(tmp_path):
    """The archive's checksum would not tell: it is compared at the end alone."""
    path = tmp_path / "set.npz"
    arrays = {name: np.tile(x, (5000,) + (1,) * (x.ndim - 1)) for name, x in _arrays(9).items()}
    np.savez(path, **arrays)
    path.write_bytes(path.read_bytes().replace(b"000, 9)", b"000, 3)"))
    with pytest.raises(UserError, match="another length than its header says"):
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
    ):
        made[name] = picture, how
    return made


def _check_folder(folder, name, content, cache, key):
    """Damages one file of a set; what comes back has the right shape and labels."""
    file = folder / "train" / "0" / name
    file.write_bytes(_damaged(key, content))
    dataset = _outcome(
        f"folder:{folder}", size=8, streaming=data.Streaming(above=2**40, cache=cache)
    )
    shutil.rmtree(cache, ignore_errors=True)
    file.unlink()
    if dataset is not None:
        assert dataset.train.images.shape[:3] == (3, 8, 8)
        assert dataset.train.images.shape[3] in (1, 3)
        assert dataset.train.labels.tolist() == [0, 0, 1] or dataset.train.labels.tolist() == [
            0,
            1,
            1,
        ]
    return dataset is not None


@pytest.fixture
def folder(tmp_path):
    for split, label in (("train", 0), ("train", 1), ("test", 0)):
        place = tmp_path / "set" / split / str(label)
        place.mkdir(parents=True)
        Image.fromarray(np.full((9, 9), 40 * label, np.uint8)).save(place / "z.png")
    return tmp_path / "set"


def test_pictures(folder, tmp_path):
    loaded = 0
    for number, (name, (picture, how)) in enumerate(_pictures().items()):
        picture.save(tmp_path / name, **how)
        content = (tmp_path / name).read_bytes()
        for case in range(25 * CASES):
            loaded += _check_folder(folder, name, content, tmp_path / "cache", [number, case])
    assert 0 < loaded < 8 * 25 * CASES


def _dicoms(root):
    """Contents of small files of many transfer syntaxes."""
    with zipfile.ZipFile(root / "dicom_samples.zip") as archive:
        for name in archive.namelist():
            small = name.endswith(".dcm") and archive.getinfo(name).file_size < 60_000
            if small and ("tiny" not in name or "CR" in name):
                yield name, archive.read(name)


def test_dicom(folder, tmp_path, real_data_root):
    pytest.importorskip("pydicom")
    loaded = total = 0
    for number, (_, content) in enumerate(_dicoms(real_data_root)):
        for case in range(10 * CASES):
            total += 1
            loaded += _check_folder(folder, "a.dcm", content, tmp_path / "cache", [number, case])
    assert total >= 150 * CASES and 0 < loaded < total
