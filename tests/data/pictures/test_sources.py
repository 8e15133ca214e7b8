"""Folders as data sets: modes, caches, options, what cannot be read, real sets."""

import logging
import os
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.errors import UserError
from medjax.run.config import make

CUT_SHORT = "is cut short, damaged, or compressed in a way that Pillow cannot read"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "data"


@pytest.fixture
def folder(tmp_path, cache):
    """``{train,test}/{left,right}`` of eight and four grey images whose value is their name."""
    for split, count in (("train", 8), ("test", 4)):
        for label, name in enumerate(("left", "right")):
            place = tmp_path / "scans" / split / name
            place.mkdir(parents=True)
            for i in range(count):
                value = 100 * label + 10 * i
                Image.fromarray(np.full((6 + i, 9), value, np.uint8)).save(place / f"{value}.png")
    return tmp_path / "scans"


def _load(folder, **options):
    chosen = data.Sources(convert=data.ConvertOptions(fit="stretch", **options))
    return data.load(f"folder:{folder}", size=8, sources=chosen)


def _message(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        _load(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_pixels_labels_and_provenance(folder):
    ds = _load(folder)
    assert ds.info.classes == ("left", "right") and ds.info.task == "binary-class"
    assert (ds.info.name, ds.info.source, ds.val) == ("scans", str(folder), None)
    assert ds.train.images.shape == (16, 8, 8, 1) and ds.train.images.dtype == np.uint8
    assert ds.train.labels.dtype == np.int32 and ds.test.labels.tolist() == [0] * 4 + [1] * 4
    values = ds.train.images.reshape(16, -1)
    assert (values == values[:, :1]).all()
    expected = [10 * i for i in range(8)] + [100 + 10 * i for i in range(8)]
    assert values[:, 0].tolist() == expected  # in the order of their names
    np.testing.assert_array_equal(values[:, 0] >= 100, ds.train.labels == 1)
    assert (ds.mean * 255).round(2).tolist() == [85.0]


def test_the_digest_is_of_the_arrays(folder, tmp_path, cache):
    first = _load(folder).info.digest
    shutil.copytree(folder, tmp_path / "copy" / "scans")
    assert _load(tmp_path / "copy" / "scans").info.digest == first
    assert data.load(f"folder:{folder}", size=9).info.digest != first


def test_it_is_decoded_once(folder, cache, caplog):
    caplog.set_level(logging.INFO, "medjax")
    first = _load(folder)
    assert "decoded 24 files" in caplog.text
    assert "all images become grey: 16 grey and 0 colour files in train" in caplog.text
    caplog.clear()
    again = _load(folder, threads=2)
    assert "data: decoded" not in caplog.text and again.info == first.info
    np.testing.assert_array_equal(again.train.images, first.train.images)
    assert len([x for x in cache.iterdir() if x.is_dir()]) == 1


def test_any_change_decodes_anew(folder, cache, caplog):
    caplog.set_level(logging.INFO, "medjax")

    def decodes():
        caplog.clear()
        ds = _load(folder)
        return "data: decoded" in caplog.text and ds

    file = folder / "train" / "left" / "0.png"
    assert decodes() and not decodes()
    Image.fromarray(np.full((6, 9), 77, np.uint8)).save(file)
    assert 77 in decodes().train.images
    os.utime(file, ns=(1, 1))
    assert decodes()
    size, pixels = file.stat().st_size, np.full((6, 9), 79, np.uint8)
    Image.fromarray(pixels).save(file)
    assert file.stat().st_size == size
    os.utime(file, ns=(1, 1))
    assert 79 in decodes().train.images and not decodes()
    file.rename(file.with_name("5.png"))
    assert decodes() and not decodes()
    shutil.copy(folder / "test" / "left" / "0.png", file)
    assert len(decodes().train) == 17
    for kept in cache.glob("*/train_images.npy"):  # damaged while it lay there
        with open(kept, "r+b") as stream:
            stream.seek(200)
            stream.write(b"\x01\x02\x03")
    assert 1 not in decodes().train.images
    for record in cache.glob("*/record.json"):
        record.write_text("{")
    assert decodes()


def test_nothing_half_made_stays(folder, cache):
    (folder / "train" / "left" / "0.png").write_bytes(b"no picture")
    assert "1 of 24 files cannot be read: train/left/0.png (is not a PNG" in _message(folder)
    assert not [x for x in cache.iterdir() if x.is_dir()]


def test_unreadable_files_are_listed_and_skipped_when_asked(folder, caplog):
    names = [f"train/left/{10 * i}.png" for i in range(7)]
    for name in names:
        (folder / name).write_bytes((folder / name).read_bytes()[:44])
    message = _message(folder)
    assert message == (
        f"7 of 24 files cannot be read: {', '.join(names[:3])} and 4 more ({CUT_SHORT}); fix or "
        "remove them, or skip them with data.convert.skip_unreadable=True"
    )
    assert "train/left" not in caplog.text
    ds = _load(folder, skip_unreadable=True)
    assert ds.train.labels.tolist() == [0] + [1] * 8 and ds.train.images[0, 0, 0] == 70
    line = f"skipped 7 files: {', '.join(names[:3])} and 4 more: {CUT_SHORT} (data.convert.skip"
    assert caplog.text.count("skipped") == 1 and line in caplog.text
    assert [name for name, _ in ds.info.skipped] == names
    assert {reason for _, reason in ds.info.skipped} == {CUT_SHORT}
    caplog.clear()
    again = _load(folder, skip_unreadable=True)  # from the cache
    assert caplog.text.count("skipped") == 1 and line in caplog.text
    assert again.info == ds.info
    (folder / "train/left/70.png").write_bytes(b"")
    assert "class left has no readable image in train" in _message(folder, skip_unreadable=True)
    (folder / "train/left/70.png").unlink()
    for file in folder.glob("test/*/*.png"):
        file.write_bytes(b"")
    for _ in range(2):  # before it is kept, and after
        assert "holds no readable images in test" in _message(folder, skip_unreadable=True)


@pytest.mark.parametrize("target", ["gone.png", "50.png"])
def test_links_that_lead_nowhere(target, folder):
    link = folder / "train" / "left" / "50.png"
    link.unlink()
    link.symlink_to(target)
    said = _message(folder)
    assert said.startswith(f"cannot read {link}: ") and "data.convert.skip_unreadable=True" in said
    ds = _load(folder, skip_unreadable=True)
    assert len(ds.train) == 15 and [name for name, _ in ds.info.skipped] == ["train/left/50.png"]


def test_what_was_found_while_it_was_listed(folder, tmp_path, caplog):
    (folder / "train" / "left" / "0.png").unlink()  # these are black
    (folder / "train" / "left" / "10.png").unlink()
    (folder / "test" / "left" / "0.png").unlink()
    (folder / "test" / "left" / "10.png").unlink()
    assert (_load(folder).info.cut, _load(folder).info.warnings) == ("", ())
    files = sorted(folder.rglob("*.png"))
    rows = [f"{f.relative_to(folder)},{f.parent.name},p,{f.parts[-3]}" for f in files]
    (tmp_path / "table.csv").write_text("\n".join(["file,label,patient,split", *rows]))
    options = data.FolderOptions(table=str(tmp_path / "table.csv"))
    chosen = data.Sources(folder=options)
    info, _ = data.read(f"folder:{folder}", size=8, sources=chosen)
    assert info.cut == "" and info.warnings == ("leakage: 1 patient is in train and test",)
    assert "data: leakage: 1 patient" in caplog.text
    assert _load(folder / "train").info.cut == "file"


def test_few_colour_pictures_become_grey_and_are_named(folder, caplog):
    caplog.set_level(logging.INFO, "medjax")
    colour = np.full((9, 9, 3), (200, 10, 30), np.uint8)
    Image.fromarray(colour).save(folder / "train" / "left" / "x.png")
    line = (
        "data: the colours of 1 of 25 files are dropped: train/left/x.png; "
        "data.convert.mode=rgb keeps them"
    )
    for _ in range(2):  # converts, then reads the cache
        caplog.clear()
        ds = _load(folder)
        assert ds.train.images.shape[-1] == 1
        assert line in caplog.messages and line.removeprefix("data: ") in ds.info.warnings
    caplog.clear()
    ds = _load(folder, mode="rgb")
    assert ds.train.images.shape[-1] == ds.test.images.shape[-1] == 3
    assert [200, 10, 30] in ds.train.images[:, 0, 0].tolist()
    assert "colours" not in caplog.text
    assert _load(folder, mode="grey").train.images.shape[-1] == 1
    assert "colours" not in caplog.text


def test_more_than_a_tenth_of_colour_pictures_make_all_rgb(folder, caplog):
    caplog.set_level(logging.INFO, "medjax")
    colour = np.full((9, 9, 3), (200, 10, 30), np.uint8)
    Image.fromarray(colour).save(folder / "train" / "left" / "x0.png")
    assert _load(folder).train.images.shape[-1] == 1  # 1 of 17
    Image.fromarray(colour).save(folder / "train" / "left" / "x1.png")
    assert _load(folder).train.images.shape[-1] == 3
    line = "all images become RGB: more than a tenth of 18 training files have colours"
    assert line in caplog.text


def test_other_splits_do_not_change_the_training_images(folder, caplog):
    for file in folder.rglob("*.png"):
        value = int(file.stem)
        Image.fromarray(np.full((9, 9), 20 * value, np.uint16)).save(file)
    before = _load(folder)
    assert before.train.images.max() == round(20 * 170 / 4095 * 255)
    deep = np.full((9, 9), 20, np.uint16)
    deep[:4, :4] = 65535
    Image.fromarray(deep).save(folder / "test" / "left" / "0.png")
    colour = np.full((9, 9, 3), (200, 10, 30), np.uint8)
    for number in range(9):
        Image.fromarray(colour).save(folder / "test" / "right" / f"x{number}.png")
    for _ in range(2):  # converts, then reads the cache
        caplog.clear()
        after = _load(folder)
        np.testing.assert_array_equal(after.train.images, before.train.images)
        assert after.test.images[0, 0, 0, 0] == 255
        said = "\n".join(caplog.messages)
        assert "1 of 17 files of other splits than train hold values above 4095, which" in said
        assert "the colours of 9 of 33 files are dropped: test/right/x0.png, " in said


def test_the_median_size_is_said_where_it_is_larger(folder, caplog):
    caplog.set_level(logging.INFO, "medjax")
    line = "data: pictures of 8×9 (median) become 8×8; data.size sets their side"
    for _ in range(2):  # converts, then reads the cache
        caplog.clear()
        _load(folder)
        assert line in caplog.messages
    caplog.clear()
    data.load(f"folder:{folder}", size=9)
    data.load(f"folder:{folder}", size=9, preparation=data.parse_preparation("resize(8)"))
    assert "(median)" not in caplog.text


def test_large_splits_stay_on_disk(folder, cache):
    whole = _load(folder)
    streaming = data.Streaming(above=8 * 8 * 8, cache=cache.parent)
    chosen = data.Sources(convert=data.ConvertOptions(fit="stretch"))
    ds = data.load(f"folder:{folder}", size=8, sources=chosen, streaming=streaming)
    assert isinstance(ds.train.images, np.memmap) and not isinstance(ds.test.images, np.memmap)
    np.testing.assert_array_equal(ds.train.images, whole.train.images)
    assert ds.info == whole.info
    real = data.real_data(ds.train, num_classes=2, mean=ds.mean, std=ds.std)
    assert isinstance(real.images, data.HostImages)


def test_a_cache_that_cannot_be_written(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "file"))
    assert "cannot cache the converted images in" in _message(folder)


def test_what_else_is_refused(tmp_path, cache):
    assert _message(tmp_path / "gone") == f"no folder {tmp_path / 'gone'}"
    with pytest.raises(UserError, match="size must be at least 1, got 0"):
        data.load(f"folder:{tmp_path}", size=0)


def test_the_config_names_every_option(tmp_path):
    config = make("dm", "phantom", "folder:scans,data.cut.seed=3,data.dicom.frames=all")
    assert config.data.name == "folder:scans"
    sources = data.Sources.of(config.to_dict()["data"])
    assert sources == data.Sources(
        cut=data.CutOptions(seed=3), dicom=data.DicomOptions(frames="all")
    )
    assert make("dm", "phantom", "tfds:malaria").data.name == "tfds:malaria"
    assert data.Sources.of({}) == data.Sources()
    assert data.Sources.of(sources.asdict()) == sources
    with pytest.raises(UserError, match=r"data\.cut\.seed takes int"):
        make("dm", "phantom", "data.cut.seed=x")


def _unpacked(root, name, tmp_path_factory):
    if not (root / name).exists():
        pytest.skip(f"needs {root / name}")
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(root / name).extractall(folder)
    return folder


def test_a_real_folder_of_grey_images(real_data_root, tmp_path_factory, cache):
    name = "mednist_imagefolder_6x600_subset.zip"
    folder = _unpacked(real_data_root, name, tmp_path_factory) / "mednist"
    ds = data.load(f"folder:{folder}", size=64)
    assert ds.train.images.shape == (3000, 64, 64, 1) and ds.test.images.shape == (600, 64, 64, 1)
    assert np.bincount(ds.train.labels).tolist() == [500] * 6 and ds.info.classes[2] == "CXR"
    files = sorted((folder / "test" / "Hand").iterdir())
    with Image.open(files[0]) as image:
        np.testing.assert_array_equal(ds.test.images[ds.test.labels == 4][0, ..., 0], image)
    assert data.load(f"folder:{folder / 'train'}").train.images.shape == (2100, 28, 28, 1)


def test_a_real_folder_of_colour_images_of_many_sizes(real_data_root, tmp_path_factory, cache):
    name = "bccd_crops_imagefolder_derived.zip"
    folder = _unpacked(real_data_root, name, tmp_path_factory) / "bccd"
    ds = data.load(f"folder:{folder}")
    counts = {s: len(list(folder.glob(f"{s}/*/*.png"))) for s in ("train", "val", "test")}
    found = {"train": len(ds.train), "val": len(ds.val), "test": len(ds.test)}
    assert found == counts and sum(found.values()) == 1933
    assert ds.info.classes == ("Platelets", "RBC", "WBC") and ds.train.images.shape[1:] == (
        28,
        28,
        3,
    )
    for label, cell in enumerate(ds.info.classes):
        assert (ds.train.labels == label).sum() == len(list(folder.glob(f"train/{cell}/*.png")))


def test_real_files_in_memory_and_on_disk(real_data_root, tmp_path):
    """47,164 images; and one of colours with ten times as many of one class as of another."""
    for name, shape, counts in (
        ("mednist_28_derived", (47164, 28, 28, 1), [8043, 7173, 7975, 7947, 7982, 8044]),
        ("bccd_cells_28_derived", (2804, 28, 28, 3), [209, 2381, 214]),
    ):
        if not (real_data_root / f"{name}.npz").exists():
            pytest.skip(f"needs {name}.npz")
        whole = data.load(name, root=real_data_root)
        assert whole.train.images.shape == shape
        assert np.bincount(whole.train.labels).tolist() == counts
        streaming = data.Streaming(above=0, cache=tmp_path)
        streamed = data.load(name, root=real_data_root, streaming=streaming)
        assert isinstance(streamed.train.images, np.memmap) and streamed.info == whole.info
        rows = np.random.default_rng(0).integers(0, shape[0], 512)
        np.testing.assert_array_equal(streamed.train.images[rows], whole.train.images[rows])
        np.testing.assert_array_equal(streamed.train.labels, whole.train.labels)
        np.testing.assert_array_equal(streamed.mean, whole.mean)
