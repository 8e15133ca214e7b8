"""Sets from any source: what is read, and the errors for those that cannot be used."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.errors import UserError
from medjax.share import load_synthetic, read_preparation, read_set, save_synthetic
from medjax.types import SyntheticSet

CLASSES = ("cat", "dog", "eel")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**changes):
    arrays = {"images": np.full((3, 4, 5, 1), 51, np.uint8), "labels": np.arange(3)} | changes
    np.savez("set.npz", **{k: v for k, v in arrays.items() if v is not None})


def picture(name, size=(5, 4), mode="L", color=51):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(name)


def test_a_set_from_a_run():
    images = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype(np.float32)
    mean, std = np.array([0.5, 0.25], np.float32), np.array([0.125, 1], np.float32)
    saved = SyntheticSet(images, np.array([0, 2, 1], np.int32))
    save_synthetic("synthetic.npz", saved, mean=mean, std=std)
    read = read_set("synthetic.npz", classes=CLASSES)
    np.testing.assert_array_equal(read.stats, (mean, std))
    np.testing.assert_allclose((read.images - mean) / std, images, atol=1e-5)
    assert read.labels.tolist() == [0, 2, 1]


def test_numbers_that_may_be_names_of_classes():
    """A file of medjax and a folder have one meaning where another npz has two."""
    grades = ("1", "2", "3")
    write(labels=np.array([1, 2, 1]), mean=np.zeros(1), std=np.ones(1))
    with pytest.raises(UserError, match=r"^cannot train on set.npz: labels 1, 2 may be"):
        read_set("set.npz", classes=grades)
    saved = SyntheticSet(np.zeros((3, 4, 5, 1), np.float32), np.array([1, 2, 1], np.int32))
    save_synthetic("ours.npz", saved, mean=np.zeros(1), std=np.ones(1))
    assert read_set("ours.npz", classes=grades).labels.tolist() == [1, 2, 1]
    for name in ("2", "3"):
        picture(f"folder/{name}/a.png")
    assert read_set("folder", classes=grades).labels.tolist() == [1, 2]


def test_a_learned_step_size_and_a_whitening():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 2, 3, 2), np.uint8)
    whitening = data.fit_whitening(pixels, zca="mtt")
    saved = SyntheticSet(whitening.whiten(pixels[:3]), np.arange(3, dtype=np.int32))
    stats = {"mean": np.zeros(2, "f"), "std": np.ones(2, "f")}
    save_synthetic("synthetic.npz", saved, **stats, step_size=0.25, whitening=whitening)
    read = read_set("synthetic.npz", classes=CLASSES)
    assert read.step_size == 0.25 and read.whitening.zca == "mtt"
    np.testing.assert_allclose(read.images, pixels[:3] / 255, atol=1e-5)
    np.testing.assert_allclose(read.whitening.whiten(read.images), saved.images, atol=1e-3)


def test_the_preparation_of_the_real_images():
    images, labels = np.zeros((2, 4, 4, 1), np.float32), np.arange(2, dtype=np.int32)
    text = "percentile_clip(low=1, high=99, over=train, bounds=(3.0, 70.5))|zca(definition=mtt)"
    stats = {"mean": [0.5], "std": [0.5]}
    save_synthetic("a.npz", SyntheticSet(images, labels), **stats, preparation=text)
    assert str(read_preparation("a.npz")) == str(load_synthetic("a.npz").preparation) == text
    save_synthetic("b.npz", SyntheticSet(images, labels), **stats)
    assert load_synthetic("b.npz").preparation is None
    assert read_preparation("b.npz") == read_preparation("folder") == data.Preparation()
    np.savez("c.npz", images=images, labels=labels, preparation="sharpen(3)")
    with pytest.raises(UserError, match=r"^c\.npz: unknown step 'sharpen'; choose from: resize"):
        read_preparation("c.npz")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"images": np.full((3, 4, 5), 51, np.uint8)},
        {"images": np.full((3, 4, 5, 1), 0.2, np.float64)},
        {"labels": np.arange(3, dtype=np.uint8)[:, None]},
    ],
)
def test_an_npz_from_elsewhere(changes):
    write(**changes)
    images, labels, stats, *learned = read_set("set.npz", classes=CLASSES)
    assert learned == [None, None]
    assert images.shape == (3, 4, 5, 1) and images.dtype == "float32" and stats is None
    np.testing.assert_allclose(images, 0.2, rtol=1e-6)
    assert labels.tolist() == [0, 1, 2] and labels.dtype == "int32"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": np.full((3, 1, 14, 15), 51, np.uint8)}, "with their channels first"),
        ({"images": np.full((3, 14, 15, 2), 51, np.uint8)}, "have an alpha"),
        ({"images": np.full((3, 4, 5, 1), 51)}, "are int64, and are read as 0–255"),
        ({"labels": np.eye(3)}, "one-hot rows, and are read as labels.argmax(axis=1)"),
        ({"images": None, "X": np.full((3, 4, 5, 1), 51, np.uint8)}, "read from X, labels"),
    ],
)
def test_what_is_taken_with_a_line(changes, said):
    write(**changes)
    with pytest.warns(UserWarning) as caught:
        images, labels, *_ = read_set("set.npz", classes=CLASSES)
    (line,) = [str(warning.message) for warning in caught]
    assert line.startswith("set.npz: its ") and said in line and caught[0].filename == __file__
    np.testing.assert_allclose(images, 0.2, rtol=1e-6)
    assert labels.tolist() == [0, 1, 2] and images.shape[3] == 1


@pytest.mark.parametrize(
    ("images", "labels"),
    [("image_syn", "label_syn"), ("images_train", "labels_train"), ("x", "y"), ("data", "targets")],
)
def test_other_names(images, labels):
    write(images=None, labels=None, **{images: np.zeros((3, 4, 5, 1)), labels: [0, 1, 2]})
    with pytest.warns(UserWarning, match=f"its images and labels are read from {images}, {labels}"):
        assert read_set("set.npz", classes=CLASSES).labels.tolist() == [0, 1, 2]


def test_only_what_is_needed_is_read():
    write(notes=np.array([{}], object), images_uint8=np.zeros((3, 4, 5, 1), np.uint8))
    assert read_set("set.npz", classes=CLASSES).images.max() > 0


def test_a_folder_of_pictures():
    for name, color in zip(("cat", "eel"), (0, 255), strict=True):
        for file in ("b.png", "a.PNG"):
            picture(f"set/{name}/{file}", color=color)
    images, labels, stats, *_ = read_set("set", classes=CLASSES)
    assert images.shape == (4, 4, 5, 1) and labels.tolist() == [0, 0, 2, 2] and stats is None
    assert images[:2].max() == 0 and images[2:].min() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": None}, "it has no images; its arrays: labels"),
        ({"labels": None}, "it has no labels; its arrays: images"),
        ({"images": np.zeros((3, 4), np.uint8)}, "images has shape (3, 4); needs (n, h, w)"),
        ({"images": np.zeros((3, 9, 9, 9))}, "images has shape (3, 9, 9, 9), as volumes have"),
        ({"images": np.zeros((0, 4, 5, 1)), "labels": np.zeros(0, int)}, "images is empty"),
        (
            {"images": np.zeros((0, 4, 5, 1)), "mean": np.zeros(1), "std": np.ones(1)},
            "images is empty",
        ),
        ({"images": np.full((3, 4, 5, 1), 256)}, "must be in 0–255, but go from 256 to 256"),
        ({"images": np.full((3, 4, 5, 1), np.nan)}, "images holds 60 NaN or infinite pixels"),
        (
            {"images": np.full((3, 4, 5, 1), 200.0)},
            "floats must be in 0–1, but reach 200; divide by 255",
        ),
        ({"labels": np.arange(2)}, "labels must be [n] with n = 3, got [2]"),
        ({"labels": np.arange(3) + 0.5}, "labels holds 0.5; needs whole numbers or names"),
        ({"labels": np.arange(3) + 1}, "labels must lie in 0–2, got 1–3"),
        ({"mean": np.zeros(1)}, "it has only one of mean and std"),
        ({"mean": np.zeros(1), "std": np.zeros(1)}, "std must be finite and positive"),
        ({"mean": np.zeros(3), "std": np.ones(3)}, "mean must be [1], got [3]"),
        ({"zca": "mtt", "zca_mean": np.zeros(20)}, "zca_matrix must be finite numbers [20, 20]"),
        ({"zca": "mtt", "zca_matrix": np.eye(20)}, "zca_mean must be finite numbers [20]"),
        ({"step_size": -1.0}, "step_size must be a positive number, got -1.0"),
        ({"mean": ["a"], "std": np.ones(1)}, "mean must be numbers, got <U1"),
        ({"mean": np.zeros(1), "std": ["1.0"]}, "std must be numbers, got <U3"),
        ({"step_size": "0.01"}, "step_size must be a positive number, got '0.01'"),
        (
            {"zca": "mtt", "zca_mean": ["a"] * 20, "zca_matrix": np.eye(20)},
            "zca_mean must be finite numbers [20]",
        ),
        ({"step_size": [1.0]}, "step_size must be a positive number, got [1.0]"),
    ],
)
def test_what_cannot_be_trained_on(changes, message):
    write(**changes)
    with pytest.raises(UserError) as caught:
        read_set("set.npz", classes=CLASSES)
    said = str(caught.value)
    assert said.startswith("cannot train on set.npz: ") and message in said
    assert "\n" not in said


def test_what_cannot_be_read():
    def said(path="set"):
        with pytest.raises(UserError) as caught:
            read_set(path, classes=CLASSES)
        return str(caught.value)

    assert said("nothing.npz") == "there is no file or folder nothing.npz"
    pathlib.Path("set.npz").write_bytes(b"PK")
    assert said("set.npz").startswith("set.npz is not a readable .npz file (it is cut short, as ")
    picture("set/a.png")
    assert said() == "set has no folders of pictures by class, such as set/0/a.png"


def test_rows_of_labels():
    rows = np.array([[0, 1, 1], [0, 0, 0], [0.25, 1, 0]])
    write(labels=rows)
    read = read_set("set.npz", classes=CLASSES, multi_label=True)
    assert read.labels.dtype == np.float32
    np.testing.assert_array_equal(read.labels, rows)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(3), r"labels must be rows of shape \[3, 3\], got \[3\]"),
        (np.ones((3, 2)), r"labels must be rows of shape \[3, 3\], got \[3, 2\]"),
        (np.full((3, 3), 1.5), "label rows must lie in 0–1"),
        (np.full((3, 3), np.nan), "label rows must lie in 0–1"),
    ],
)
def test_rows_that_cannot_be_trained_on(labels, message):
    write(labels=labels)
    with pytest.raises(UserError, match=message):
        read_set("set.npz", classes=CLASSES, multi_label=True)


def test_a_folder_has_no_rows():
    picture("pictures/cat/a.png")
    with pytest.raises(UserError, match="pictures is a folder, which gives each image one class"):
        read_set("pictures", classes=CLASSES, multi_label=True)
