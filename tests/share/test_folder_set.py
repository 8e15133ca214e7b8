"""Folders of pictures, a folder for each class."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from medjax.errors import UserError
from medjax.share import folder_set

CLASSES = ("cat", "dog", "eel")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def picture(name, size=(5, 4), mode="L", color=51):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(name)


def read(name="set", classes=CLASSES, notes=()):
    arrays, said = folder_set.read(pathlib.Path(name), classes)
    assert said == list(notes)
    return arrays["images"], arrays["labels"].tolist()


@pytest.mark.parametrize("names", [("cat", "eel"), ("0", "2")])
def test_pictures_in_the_order_of_their_names(names):
    for name, color in zip(names, (0, 255), strict=True):
        for number, file in enumerate(("b.png", "a.PNG")):
            picture(f"set/{name}/{file}", color=abs(color - number))
    for notes in ("set/notes.txt", f"set/{names[0]}/notes.txt"):
        pathlib.Path(notes).touch()
    images, labels = read(notes=["1 of its files are not read: 1 × .txt"])
    assert images.shape == (4, 4, 5, 1) and labels == [0, 0, 2, 2]
    assert images[:, 0, 0, 0].tolist() == [1, 0, 254, 255]


def test_leftovers_are_passed_over():
    picture("set/cat/a.png")
    for folder in (
        ".ipynb_checkpoints",
        ".git",
        "__MACOSX",
        "__MACOSX/cat",
        "cat/.ipynb_checkpoints",
    ):
        picture(f"set/{folder}/a-checkpoint.png", size=(9, 9))
    for file in ("cat/._a.png", "cat/.a.png", "cat/Thumbs.db", "._cat", ".DS_Store", "Thumbs.db"):
        pathlib.Path("set", file).write_bytes(b"\0\5\x16\7")
    images, labels = read()
    assert images.shape == (1, 4, 5, 1) and labels == [0]


def test_names_in_another_form():
    picture("set/ko\u0308pfe/a.png")
    assert read(classes=("k\u00f6pfe", "x"))[1] == [0]


def test_folders_whose_names_may_be_numbers():
    """The folder "1" is the name of a grade here, so folders are not numbered."""
    for name in ("0", "1", "2"):
        picture(f"set/{name}/a.png")
    with pytest.raises(UserError, match=r"^unknown class of set '0'.*choose from: 1, 2, 3$"):
        read(classes=("1", "2", "3"))


def test_sixteen_bits():
    for name, value in (("cat", 0), ("eel", 2**15)):
        picture(f"set/{name}/a.png", mode="I;16", color=value)
    np.testing.assert_allclose(read()[0][:, 0, 0, 0], [0, 2**15 / (2**16 - 1)], rtol=1e-6)


def test_bytes_beside_sixteen_bits():
    """The bytes come first, so that the kind of the first picture does not decide."""
    picture("set/cat/a.png", color=51)
    picture("set/eel/a.png", mode="I;16", color=2**16 - 1)
    images, _ = read()
    assert images.dtype == np.float32
    np.testing.assert_allclose(images[:, 0, 0, 0], [0.2, 1], rtol=1e-6)


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".jfif", ".jp2", ".TIFF", ".bmp"])
def test_pictures_of_every_kind_that_is_read_elsewhere(suffix):
    picture("set/cat/a.png", mode="RGB", color=(9, 80, 200))
    picture(f"set/dog/a{suffix}", mode="RGB", color=(9, 80, 200))
    assert read()[1] == [0, 1]


def test_files_that_are_not_read_are_counted():
    picture("set/cat/a.png")
    for name in ("cat/deep/b.png", "above.png"):
        picture(f"set/{name}")
    for name in ("cat/a.xcf", "cat/b.xcf", "LICENSE.txt"):
        pathlib.Path("set", name).write_bytes(b"x")
    read(notes=["4 of its files are not read: 2 × .png, 2 × .xcf"])


def test_many_pictures_are_decoded_together(monkeypatch):
    for number in range(3):
        picture(f"set/cat/{number}.png")
    calls, decode_all = [], folder_set.decode_all
    monkeypatch.setattr(
        folder_set, "decode_all", lambda x, **y: calls.append(len(x)) or decode_all(x, **y)
    )
    read()
    assert calls == [3]


def test_colours():
    picture("set/0/a.png", mode="RGBA", color=(255, 0, 51, 255))
    assert read()[0][0, 0, 0].tolist() == [255, 0, 51]


def test_what_cannot_be_read():
    def said(name):
        with pytest.raises(UserError) as caught:
            read(name)
        return str(caught.value)

    picture("set/dogs/a.png")
    assert said("set") == (
        "unknown class of set 'dogs' (did you mean 'dog'?); choose from: cat, dog, eel, 0–2"
    )
    picture("one/cat/a.png")
    picture("one/cat/b.png", size=(4, 4))
    assert said("one") == "one/cat/b.png is [4, 4, 1], but the first picture is [4, 5, 1]"
    pathlib.Path("one/cat/b.png").write_bytes(b"")
    assert said("one").startswith("cannot read the picture one/cat/b.png: is not a PNG")


@pytest.mark.parametrize("mask", ["a_mask.png", "a-Segmentation.png", "mask_a.tif", "a_gt 1.png"])
def test_masks_are_not_read(mask):
    picture("set/cat/a.png")
    picture(f"set/cat/{mask}", color=255)
    images, labels = read(notes=[f"masks of images are not read: cat/{mask}"])
    assert labels == [0] and images.max() == 51


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_values_of_sixteen_bits_that_use_fewer(bits):
    """The depth is that of all pictures together."""
    white = 2**bits - 1
    picture("set/cat/a.png", mode="I;16", color=1)
    picture("set/dog/a.tif", mode="I;16", color=white)
    picture("set/eel/a.png", color=51)
    images, _ = read(notes=[f"its values of 16 bits use {bits}: {white} becomes white"])
    np.testing.assert_allclose(images[:, 0, 0, 0], [1 / white, 1, 0.2], rtol=1e-6)
