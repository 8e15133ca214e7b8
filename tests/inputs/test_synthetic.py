"""Sets given to ``medjax.evaluate`` as people have them."""

import json
import pathlib
import shutil
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def rewrite(case):
    """``rewrite(name, images=f)`` applies functions to the arrays of a case's ``synthetic.npz``."""

    def changed(name, **functions):
        path = case(name) / "synthetic.npz"
        with np.load(path) as archive:
            arrays = dict(archive)
        np.savez(path, **{k: functions.get(k, lambda x: x)(x) for k, x in arrays.items()})
        return path.parent

    return changed


def test_a_class_that_is_not_in_val_or_test(case, score):
    folder = case("npz_class_missing_in_test")
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.status == 0
    assert "There is no image of 2 in val and test, so the scores on them say noth" in said.out
    assert said.report["absent_classes"] == {"val": ["2"], "test": ["2"]}


def test_findings_that_are_not_in_test(case, score):
    folder = case("npz_class_missing_in_test")
    for name in ("mine", "synthetic"):
        with np.load(folder / f"{name}.npz") as archive:
            arrays = dict(archive)
        rows = {k: np.eye(3, dtype=int)[x.ravel()] for k, x in arrays.items() if "labels" in k}
        for row in rows.values():
            row[0] = [1, 1, row[0, 2]]
        np.savez(folder / f"{name}.npz", **arrays | rows)
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.status == 0 and "There is no image of 2 in val and test" in said.out
    assert said.report["absent_classes"] == {"val": ["2"], "test": ["2"]}


def test_nothing_is_said_where_every_class_is_scored(case, score):
    folder = case("synthetic_soft_labels")
    with np.load(folder / "synthetic.npz") as archive:
        images, labels = archive["images"], archive["labels"].argmax(1)
    np.savez(folder / "plain.npz", images=images, labels=labels)
    said = score(folder / "plain.npz", folder / "mine.npz")
    assert said.status == 0 and said.warnings == [] and "There is no image" not in said.out
    assert said.report["absent_classes"] == {}


@pytest.mark.parametrize(
    "images",
    [lambda x: x, lambda x: (x - 0.1) / 0.3, lambda x: x.astype("f8") - 0.5, lambda x: 2 * x],
)
def test_values_that_are_normalised(rewrite, score, images):
    folder = rewrite("synthetic_normalised", images=images)
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    (line,) = said.warnings
    assert said.status == 0 and "have no mean and std: they are taken as pixels" in line


def test_plain_pixels_as_floats(rewrite, score):
    folder = rewrite("synthetic_normalised", images=lambda x: (x + 1) / 2)
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.status == 0 and said.warnings == []


def test_leftovers_in_a_folder(case, score):
    folder = case("synthetic_folder_with_leftovers")
    first = score(folder / "pictures", folder / "mine.npz")
    for name in ("__MACOSX", "__MACOSX/0", ".git"):
        (folder / "pictures" / name).mkdir()
    for name in ("__MACOSX/0/._scan_00.png", "0/._scan_00.png", "0/Thumbs.db", ".DS_Store"):
        (folder / "pictures" / name).write_bytes(b"\0")
    second = score(folder / "pictures", folder / "mine.npz")
    assert first.status == second.status == 0 and first.warnings == second.warnings == []
    assert first.report["num_images"] == 8 and first.report == second.report


@pytest.mark.parametrize("kind", ["f4", "f8", "u1"])
def test_channels_that_are_first(rewrite, score, kind):
    white = 255 if kind == "u1" else 1
    folder = rewrite("synthetic_channels_first", images=lambda x: (x * white).round(3).astype(kind))
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    (line,) = said.warnings
    assert said.status == 0 and "read with their channels first" in line


def test_soft_labels(rewrite, score):
    folder = rewrite("synthetic_soft_labels")
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.status == 0 and said.report["recipe"]["soft_labels"]
    (line,) = said.warnings
    assert "its labels are rows of probabilities, on which networks train by soft cross" in line


def test_rows_of_scores(rewrite, score):
    folder = rewrite("synthetic_soft_labels", labels=lambda x: 5 * x - 1)
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.status == 2 and len(said.lines) == 1 and "or softmax(labels)" in said.line


def test_learners_take_the_most_probable_class(rewrite, score):
    pytest.importorskip("sklearn", reason="needs scikit-learn: pip install -e '.[learners]'")
    folder = rewrite("synthetic_soft_labels")
    soft = score(folder / "synthetic.npz", folder / "mine.npz", "--learners=knn")
    with np.load(folder / "synthetic.npz") as archive:
        images, labels = archive["images"], archive["labels"].argmax(axis=1)
    np.savez(folder / "synthetic.npz", images=images, labels=labels)
    hard = score(folder / "synthetic.npz", folder / "mine.npz", "--learners=knn")
    assert soft.status == hard.status == 0
    assert soft.report["learners"] == hard.report["learners"]


def test_one_hot_labels(rewrite, score):
    folder = rewrite("synthetic_soft_labels", labels=lambda x: (x > 0.5).astype(int))
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    (line,) = said.warnings
    assert said.status == 0 and "are read as labels.argmax(axis=1)" in line
    assert not said.report["recipe"]["soft_labels"]


@pytest.mark.parametrize("name", ["synthetic.pt", "synthetic.pth", "synthetic.npz"])
def test_a_file_of_torch(case, score, name):
    pytest.importorskip("torch", reason="needs torch: pip install -e '.[torch]'")
    folder = case("synthetic_torch")
    (folder / "synthetic.pt").rename(folder / name)
    said = score(folder / name, folder / "mine.npz")
    (line,) = said.warnings
    assert said.status == 0 and "channels first" in line and said.report["num_images"] == 8


def test_a_file_of_torch_without_torch(case, score, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    folder = case("synthetic_torch")
    said = score(folder / "synthetic.pt", folder / "mine.npz")
    assert said.status == 2 and len(said.lines) == 1
    assert "is a file of torch, which is not installed" in said.line and "np.savez" in said.line


def test_a_file_that_is_cut_short(case, score):
    folder = case("npz_truncated")
    data = shutil.copytree(case("synthetic_normalised"), folder / "whole") / "mine.npz"
    said = score(folder / "mine.npz", data)
    assert said.status == 2 and "it is cut short, as after a download that stopped" in said.line


def test_a_path_in_the_users_home(case, score, monkeypatch):
    folder = case("synthetic_soft_labels")
    with np.load(folder / "synthetic.npz") as archive:
        np.savez(folder / "s.npz", images=archive["images"], labels=archive["labels"].argmax(1))
    monkeypatch.setenv("HOME", str(folder))
    said = score("~/s.npz", "~/mine.npz", "--out=~/scores.json")
    assert said.status == 0 and (folder / "scores.json").is_file()
    assert not pathlib.Path("~").exists()


def test_a_set_of_a_folder_is_scored_with_its_table(case, score, tmp_path):
    folder, images = case("columns_named_otherwise"), np.zeros((4, 16, 16, 1), np.uint8)
    images[:, 8:] = 200
    np.savez(tmp_path / "mine.npz", images=images, labels=[0, 1, 0, 1])
    where = f"folder:{folder}", "--size=16", f"--folder.table={folder}/table.csv"
    said = score(tmp_path / "mine.npz", *where)
    assert said.status == 2 and '--folder.columns="file=image_id,label=diagnosis"' in said.line
    said = score(tmp_path / "mine.npz", *where, "--folder.columns=file=image_id,label=diagnosis")
    assert said.status == 0 and said.report["results"]["mlp"]["test"]["accuracy"]["n"] == 1


@pytest.fixture
def scored(case, score):
    """``scored(change)`` scores images of test, which ``change(images, labels)`` has changed."""
    folder = case("synthetic_soft_labels")

    def command(change):
        with np.load(folder / "mine.npz") as archive:
            images, labels = archive["test_images"], archive["test_labels"].ravel()
        images, labels = change(images, labels)
        np.savez(folder / "mine_too.npz", images=images, labels=labels)
        said = score(folder / "mine_too.npz", folder / "mine.npz")
        assert said.status == 0, said.line
        assert "\n".join(said.lines).count("warning: ") == said.out.count("warning: ")
        return said.report["warnings"], said

    return command


@pytest.mark.parametrize("white", [1, 255.0])
def test_copies_of_test_images(scored, white):
    (line,), said = scored(lambda x, y: ((x if white == 1 else x / np.float32(white)), y))
    count = said.report["num_images"]
    assert line == (
        f"leakage: {count} of {count} images of the set are in test too, so the scores on it are "
        "too good"
    )
    assert said.warned(line)


def test_blank_images_and_those_that_differ_in_a_pixel_are_no_copies(scored):
    def change(images, labels):
        images = images.copy()
        images[:, 0, 0] ^= 1
        images[0] = 0
        return images, labels

    assert scored(change)[0] == []


def test_a_set_that_lacks_a_class(scored):
    def change(images, labels):
        return images[labels == 1] ^ 1, labels[labels == 1]

    (line,), said = scored(change)
    assert line == "the set has no image of 0, so networks cannot learn it" and said.warned(line)


def test_a_set_that_lacks_a_finding(case, score):
    folder = case("npz_class_missing_in_test")
    for name in ("mine", "synthetic"):
        with np.load(folder / f"{name}.npz") as archive:
            arrays = dict(archive)
        rows = {k: np.eye(3, dtype=int)[x.ravel()] for k, x in arrays.items() if "labels" in k}
        for row in rows.values():
            row[0] = [1, 1, row[0, 2]]
            row[:, 1] *= name == "mine"
        np.savez(folder / f"{name}.npz", **arrays | rows)
    said = score(folder / "synthetic.npz", folder / "mine.npz")
    assert said.report["warnings"] == ["the set has no image of 1, so networks cannot learn it"]


CHANGED = "the data has changed since the run: the digest of "


def _change_a_picture(folder):
    file = min(folder.rglob("*.png"))
    Image.fromarray(np.asarray(Image.open(file)) ^ 128).save(file)


@pytest.mark.parametrize("name", ["twelve_bits_in_sixteen", "blank_images"])
def test_pictures_that_changed_since_the_run(name, case, distil, score, tmp_path):
    folder, made = case(name), tmp_path / "work" / "synthetic.npz"
    assert distil(f"folder:{folder},data.size=16").status == 0
    before = json.loads((tmp_path / "work" / "summary.json").read_text())["data"]["digest"]
    assert not score(made, f"folder:{folder}").warned("changed")
    _change_a_picture(folder)
    said = score(made, f"folder:{folder}")
    now = said.report["data"]["digest"]
    line = f"{CHANGED}folder:{folder} was {before} and is {now} now; these are scores on other "
    assert [x for x in said.report["warnings"] if CHANGED in x] == [f"{line}images"]
    assert "\n".join(said.lines).count(line) == said.out.count(line) == 1
    # Another spelling is the same folder; other options are meant to give other images.
    assert score(made, f"folder:{name}", "--convert.threads=1").warned(CHANGED)
    assert not score(made, f"folder:{folder}", "--cut.seed=3").warned(CHANGED)
    shutil.copytree(folder, tmp_path / "other")
    assert not score(made, "folder:other").warned(CHANGED)


def test_an_archive_that_changed_since_the_run(case, distil, score, tmp_path):
    folder, made = case("synthetic_soft_labels"), tmp_path / "work" / "synthetic.npz"
    assert distil(f"{folder}/mine.npz").status == 0
    assert not score(made, f"{folder}/mine.npz").warned("changed")
    with np.load(folder / "mine.npz") as archive:
        arrays = dict(archive)
    np.savez(folder / "mine.npz", **arrays | {"test_images": arrays["test_images"] ^ 1})
    assert score(made, f"{folder}/mine.npz").warned(CHANGED, "other images")
    assert score(made, f"{folder}/../{folder.name}/mine.npz").warned(CHANGED)
    np.savez(folder / "another.npz", **arrays)
    assert not score(made, f"{folder}/another.npz").warned(CHANGED)
