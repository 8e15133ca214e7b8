"""Archives in npz files as people have them."""

import numpy as np
import pytest

from medjax import data
from medjax.data.medmnist import registry


@pytest.fixture
def change(case):
    """``change(name, images=f, labels=g)`` applies functions to the arrays of a case."""

    def changed(name, **functions):
        path = case(name) / "mine.npz"
        with np.load(path) as archive:
            arrays = dict(archive)
        for part, function in functions.items():
            arrays |= {key: function(x) for key, x in arrays.items() if key.endswith(part)}
        np.savez(path, **arrays)
        return path

    return changed


def loaded(path):
    with pytest.warns(UserWarning):
        return data.load(path, size=16)


def one_line(said, *words):
    assert said.status == 2 and said.out == "" and len(said.lines) == 1
    assert all(word in said.line for word in words), said.line


@pytest.fixture
def plain(change):
    """The images that most cases are made of, as bytes."""
    with np.load(change("npz_one_class_in_test")) as archive:
        return {split: archive[f"{split}_images"][..., None] for split in registry.SPLITS}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_from_black_to_white(change, describe, plain, dtype):
    path = change("npz_float", images=lambda x: x.astype(dtype))
    said = describe(path)
    (line,) = said.warnings
    assert said.status == 0 and "in 0–1, and are read as 0–255" in line
    read = loaded(path)
    for split, images in plain.items():
        np.testing.assert_array_equal(read.splits[split].images, images)


@pytest.mark.parametrize(
    ("images", "window"),
    [
        (lambda x: x * 2 - 1, "window(center="),
        (lambda x: x * 300.5, "window(center="),
        (lambda x: (x - 0.5) / 0.25, "window(center="),
    ],
)
def test_floats_of_another_range(change, describe, images, window):
    one_line(describe(change("npz_float", images=images)), "float32 from", "rescale it", window)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (lambda x: x, ["1", "2"]),
        (lambda x: x * 10 - 7, ["3", "13"]),
        (lambda x: 2 * x.astype(int) - 3, ["-1", "1"]),
        (lambda x: x.astype(float), ["1", "2"]),
        (lambda x: x.astype(str), ["1", "2"]),
        (lambda x: x.ravel() == 2, ["0", "1"]),
    ],
)
def test_labels_that_are_other_numbers(change, describe, labels, classes):
    path = change("npz_labels_from_one", labels=labels)
    said = describe(path)
    assert said.status == 0 and said.report["classes"] == classes and said.warnings == []
    assert said.report["splits"]["val"]["classes"] == dict.fromkeys(classes, 4)


def test_a_run_on_labels_from_one(case, distil):
    said = distil(case("npz_labels_from_one") / "mine.npz")
    assert said.status == 0 and said.report["data"]["classes"] == ["1", "2"]


def test_a_label_that_train_lacks(change, describe):
    path = change("npz_labels_from_one", labels=lambda x: x + (len(x) == 12))
    one_line(describe(path), "test_labels holds 3; train_labels holds only 1, 2")


def test_registered_sets_number_their_classes_from_zero(case, tmp_path, run):
    from medjax.cli import data as cli_data

    path = (case("npz_labels_from_one") / "mine.npz").rename(tmp_path / "breastmnist_16.npz")
    said = run(cli_data.main, f"--name={path}")
    assert said.status == 2 and "train_labels holds 2; choose labels in 0–1" in said.line


@pytest.mark.parametrize("dtype", [None, "f4", "f8", "i8", bool])
def test_one_hot_rows_are_findings_with_a_warning(change, describe, dtype):
    said = describe(change("npz_one_hot", labels=lambda x: x.astype(dtype or x.dtype)))
    assert said.status == 0 and any("argmax" in line for line in said.warnings)


@pytest.mark.parametrize("dtype", ["U9", "U30", "S9", "S30"])
def test_names_as_labels(change, describe, dtype):
    said = describe(change("npz_string_labels", labels=lambda x: x.astype(dtype)))
    assert said.status == 0 and said.report["classes"] == ["benign", "malignant"]
    assert said.report["splits"]["train"]["classes"] == {"benign": 12, "malignant": 12}


def test_a_run_on_names(case, distil):
    said = distil(case("npz_string_labels") / "mine.npz")
    assert said.status == 0 and said.report["data"]["classes"] == ["benign", "malignant"]


def test_pickled_names(change, describe):
    path = change("npz_string_labels", labels=lambda x: x.astype(object))
    one_line(describe(path), "never unpickled", "save train_labels.astype(str)")


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_that_are_first(change, describe, channels):
    path = change("npz_channels_first", images=lambda x: x[:, :channels])
    said = describe(path)
    (line,) = said.warnings
    assert said.status == 0 and "read with their channels first" in line
    with np.load(path) as archive:
        images = archive["train_images"].transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(loaded(path).train.images, images)


def test_an_alpha(change, describe):
    path = change("npz_rgba")
    said = describe(path)
    (line,) = said.warnings
    assert said.status == 0 and "an alpha, the same everywhere, which is dropped" in line
    with np.load(path) as archive:
        np.testing.assert_array_equal(loaded(path).train.images, archive["train_images"][..., :3])


def test_an_alpha_before_the_height(change, describe):
    said = describe(change("npz_rgba", images=lambda x: x.transpose(0, 3, 1, 2)))
    assert said.status == 0 and len(said.warnings) == 2


def test_a_fourth_channel_that_is_no_alpha(change, describe):
    path = change("npz_rgba", images=lambda x: np.concatenate([x[..., :3], x[..., :1]], -1))
    one_line(describe(path), "has 4 channels, the last of which varies", "images[..., :-1]")


@pytest.mark.parametrize("shape", [(16, 16, 16), (20, 16, 16), (16, 16, 16, 1), (1, 16, 16, 16)])
def test_volumes(change, describe, shape):
    path = change("npz_volumes", images=lambda x: np.resize(x, (len(x), *shape)))
    one_line(describe(path), "as volumes have", "give slices")


@pytest.mark.parametrize("off", [0, 2])
def test_three_channels_that_are_the_same(change, describe, off):
    shift = np.array([0, off, 0], np.uint8)
    path = change("npz_equal_channels", images=lambda x: x + shift)
    said = describe(path)
    (line,) = said.warnings
    assert said.status == 0 and "--prepare=grayscale" in line
    grey = describe(path, "--prepare=grayscale")
    assert grey.status == 0 and grey.warnings == []
    assert grey.report["splits"]["train"]["sizes"] == {"16×16×1": 24}


@pytest.mark.parametrize("dtype", ["i2", "i4", "f4", "f8"])
def test_other_depths(change, describe, dtype):
    path = change("npz_hounsfield", images=lambda x: x.astype(dtype))
    one_line(describe(path), " from -840 to 752", "--prepare, as in window(")
    said = describe(path, "--prepare=window(40, 400)")
    assert said.status == 0 and said.warnings == []
    with np.load(path) as archive:
        values = archive["test_images"].astype(float)[..., None]
    wanted = np.rint(np.clip((values + 160) / 400, 0, 1).astype("f4") * 255)
    prepared = data.load(path, size=16, preparation=data.parse_preparation("window(40, 400)"))
    np.testing.assert_array_equal(prepared.test.images, wanted)
    clipped = describe(path, "--prepare=percentile_clip(1, 99)|resize(8)")
    assert clipped.status == 0 and clipped.report["splits"]["val"]["sizes"] == {"8×8×1": 8}


def test_a_run_on_hounsfield_units(case, distil):
    path = case("npz_hounsfield") / "mine.npz"
    said = distil(f"{path}", "--config.data.prepare=window(40, 400)")
    assert said.status == 0
    assert said.report["data"]["preparation"][0] == "window(center=40, width=400)"


@pytest.mark.parametrize("value", [-1, -1.0, np.nan])
def test_uncertain_findings(change, describe, value):
    path = change("npz_uncertain_findings", labels=lambda x: np.where(x < 0, value, x))
    one_line(describe(path), "label rows hold 0 or 1", "uncertain", "np.where(labels == 1, 1, 0)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cut short, as after a download that stopped"),
        (b"", "download that stopped"),
        (b"<!doctype html><title>404</title>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"\x1f\x8b\x08\0", "unpack it"),
        (b"\x93NUMPY\x01\0", "np.savez"),
        (b"MATLAB 5.0 MAT-file", "scipy.io.loadmat"),
        (b"\x80\x04\x95", "a pickle"),
    ],
)
def test_a_file_that_is_cut_short_or_another(case, describe, distil, content, words):
    path = case("npz_truncated") / "mine.npz"
    if content is not None:
        path.write_bytes(content)
    one_line(describe(path), "is not a readable .npz file", words)
    assert words in distil(path).line


def test_a_class_that_is_alone_in_test_is_refused_before_training(case, distil):
    said = distil(case("npz_one_class_in_test") / "mine.npz")
    assert said.status == 2 and "same label" in said.line


@pytest.mark.parametrize("init", ["real", "noise"])
def test_a_class_with_fewer_images_than_ipc(case, distil, tmp_path, init):
    path = case("class_smaller_than_ipc") / "mine.npz"
    words = f"{path},iterations=1,distill.batch_real=4,distill.init={init}"
    said = distil(words, "--config.ipc=5", config="dm.py:quick")
    if init == "real":
        assert said.status == 2 and "use an ipc of at most 3" in said.line
        return
    assert said.status == 0 and said.report["baseline_ipc"] == [5, 3]
    report = (tmp_path / "work" / "report.html").read_text()
    assert "fewer images than there are synthetic ones of 1 (3 for 5)" in report
    assert "8 random real images" in report


def test_a_run_names_the_classes_that_are_not_scored(case, distil, tmp_path):
    said = distil(case("npz_class_missing_in_test") / "mine.npz")
    assert said.status == 0 and said.report["absent_classes"] == {"val": ["2"], "test": ["2"]}
    report = (tmp_path / "work" / "report.html").read_text()
    assert "There is no image of 2 in val and test" in report


@pytest.mark.parametrize("word", ["valid", "validation", "dev"])
def test_another_word_for_val_is_told(word, case, describe):
    path = case("npz_one_hot") / "mine.npz"
    with np.load(path) as archive:
        arrays = {name.replace("val", word): archive[name] for name in archive.files}
    np.savez(path, **arrays)
    said = describe(path)
    assert said.status == 2 and f"holds {word}_images, {word}_labels: call them val_" in said.line
