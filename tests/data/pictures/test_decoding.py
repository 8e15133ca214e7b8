"""Many sources decoded at once: their order, and a quiet that nobody else hears."""

import logging
import threading
import time
import warnings

import numpy as np
import pytest
from PIL import Image

from medjax.data import CutOptions, FolderOptions, Picture, Source, decode_all, file_source
from medjax.data.pictures import decoding, folders, imagefile
from medjax.errors import UserError

LOGGERS = [logging.getLogger(name) for name in ("pydicom", "PIL")]


def _source(number, read):
    return Source(str(number), lambda: 1, lambda: [Picture(np.full((1, 1), read(number)), 0, 1)])


def _state():
    levels = [logger.level for logger in LOGGERS]
    return list(warnings.filters), warnings.showwarning, np.geterr(), levels


def test_results_come_in_order_and_a_few_at_once():
    read = []
    sources = [_source(number, lambda n: read.append(n) or n) for number in range(30)]
    results = decode_all(sources, threads=2)
    assert [next(results)[0].pixels.item() for _ in range(3)] == [0, 1, 2]
    assert len(read) <= 3 + 8
    assert [result[0].pixels.item() for result in results] == list(range(3, 30))


def test_what_libraries_remark_is_heard_by_nobody():
    def remark(number):
        warnings.warn("of a header", UserWarning, stacklevel=1)
        LOGGERS[0].error("of a header")
        return (np.float32(3e38) * np.full(1, 10, np.float32) + number).item()

    before, threads = _state(), threading.active_count()
    results = decode_all([_source(number, remark) for number in range(30)], threads=2)
    for result in results:  # warnings are errors here: a remark would make it unreadable
        assert result[0].pixels.item() == np.inf
        assert _state() == before
    assert threading.active_count() == threads


def test_nothing_runs_while_nobody_waits():
    """Or the quiet would have to last, and to be that of the caller as well."""
    begun = []
    sources = [_source(number, lambda n: begun.append(n) or n) for number in range(40)]
    results = decode_all(sources, threads=4)
    next(results)
    assert len(begun) == 16
    time.sleep(0.05)
    assert len(begun) == 16
    results.close()


def test_a_mistake_leaves_all_as_it_was():
    def fail(number):
        raise UserError("not to be read at all")

    before = _state()
    with pytest.raises(UserError, match="not to be read at all"):
        list(decode_all([_source(number, fail) for number in range(9)], threads=2))
    assert _state() == before


def _broken(kind):
    def ours(*_, **__):
        raise kind("a bug")

    return ours


BUGS = (TypeError, AttributeError, ZeroDivisionError)


@pytest.mark.parametrize("kind", BUGS)
def test_a_bug_of_ours_keeps_its_traceback(kind, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(path)
    source = file_source(path, "a.png")
    with pytest.raises(kind, match="a bug") as caught:
        list(decode_all([source], then=_broken(kind)))
    assert caught.traceback[-1].name == "ours"
    monkeypatch.setattr(imagefile, "Picture", _broken(kind))
    with pytest.raises(kind, match="a bug") as caught:
        list(decode_all([source]))
    assert caught.traceback[-1].name == "ours"


@pytest.mark.parametrize(
    "name", ["reading._grey", "reading._check_decodable", "header.number", "header.items"]
)
@pytest.mark.parametrize("kind", BUGS)
def test_a_bug_of_ours_in_reading_dicom_keeps_its_traceback(
    kind, name, write_dicom, tmp_path, monkeypatch
):
    path = tmp_path / "a.dcm"
    write_dicom(path, np.zeros((4, 4), np.uint16))
    monkeypatch.setattr(f"medjax.data.pictures.dicom.{name}", _broken(kind))
    with pytest.raises(kind, match="a bug") as caught:
        list(decode_all([file_source(path, "a.dcm")]))
    assert caught.traceback[-1].name == "ours"


@pytest.fixture
def waiting(monkeypatch):
    """Each file that is opened waits until others are, too; a list of them."""
    barrier, opened = threading.Barrier(4), []

    def is_image(path):
        opened.append(path.name)
        if len(opened) <= 4:  # the first of four threads
            barrier.wait(timeout=10)
        return path.name.startswith("IM")

    monkeypatch.setattr(decoding.dicom, "is_image", is_image)
    return opened


def test_files_without_a_known_suffix_are_opened_at_once_and_others_never(tmp_path, waiting):
    names = [f"c/{kind}{i:03}" for i in range(150) for kind in ("IM", "notes")]
    names[7:7] = ["c/a.PNG", "c/b.csv", "c/b.nii.gz", "c/c.tar.gz"]
    found = decoding.pictures_among(tmp_path, names)
    assert found == [x for x in names if x.startswith("c/IM") or x in ("c/a.PNG", "c/b.nii.gz")]
    assert sorted(waiting) == sorted(x[2:] for x in names if "." not in x)


def test_a_folder_is_listed_with_its_files_opened_at_once(tmp_path, waiting):
    for number in range(150):
        file = tmp_path / f"c{number % 2}" / f"IM{number:03}"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    listed = folders.entries(tmp_path, FolderOptions(), CutOptions())
    assert len(listed.entries) == 150 and len(set(waiting)) == 150


@pytest.mark.parametrize("suffix", ["", ".dcm"])
def test_a_table_opens_its_files_at_once_and_no_others(tmp_path, waiting, suffix):
    for number in range(300):
        (tmp_path / f"IM{number:03}{suffix}").touch()
    rows = [f"IM{number:03},{number % 2}" for number in range(150)]
    (tmp_path / "table.csv").write_text("\n".join(["file,label", *rows]))
    options = FolderOptions(table=str(tmp_path / "table.csv"))
    listed = folders.entries(tmp_path, options, CutOptions())
    assert len(listed.entries) == 150 and len(waiting) == 150


def test_results_at_once_are_in_order_and_errors_are_raised():
    assert decoding.at_once(lambda x: x * x, range(200)) == [x * x for x in range(200)]
    with pytest.raises(ZeroDivisionError):
        decoding.at_once(lambda x: 1 // (x - 150), range(200))
