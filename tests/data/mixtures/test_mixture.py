"""Mixtures: their names, their content, and what they refuse."""

import numpy as np
import pytest

from medjax import data
from medjax.data.loading import digest, is_path
from medjax.data.mixtures.recipe import Part, parse_recipe
from medjax.errors import UserError


def write(folder, name, sizes, *, channels=None, val=True):
    """A set whose class ``c`` has images of grey level ``10 · c + 1`` and a number each."""
    arrays = {}
    for split in ("train", "val", "test")[:: 1 if val else 2]:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        shape = (len(labels), 4, 4) + (() if channels is None else (channels,))
        images = np.zeros(shape, np.uint8)
        images += (10 * labels + 1).reshape(-1, *[1] * (images.ndim - 1)).astype(np.uint8)
        images[:, 0, 0] = np.arange(len(labels)).reshape(-1, *[1] * (images.ndim - 3))
        if channels:
            images[..., 1] += 60
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    np.savez(folder / f"{name}.npz", **arrays)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    write(folder, "mnist", (30, 20, 40), val=False)
    write(folder, "scans", (20, 20))
    write(folder, "colour", (20, 20), channels=3)
    return folder


def load(text, root):
    return data.load(text, root=root)


def test_a_name_is_a_recipe():
    recipe = parse_recipe("mix: mnist/3 + scans | train(500)|contrast(0.5)| noise( 0.1 )|grayscale")
    assert recipe.parts == (Part("mnist", "3"), Part("scans", ""))
    assert recipe[1:] == ({"train": 500}, 0.5, 0.1, True)
    assert parse_recipe("mix:a/b+c/d")[1:] == ({}, 1.0, 0.0, False)
    assert is_path("mix:anything")


def test_its_classes_are_those_of_the_sources_in_order(root):
    mixed = load("mix:scans/1+mnist/2+mnist/0|train(15)|test(4)", root)
    assert mixed.info.classes == ("scans 1", "mnist 2", "mnist 0")
    assert mixed.info.task == "multi-class" and mixed.info.name.startswith("mix:scans/1")
    counts = {name: np.bincount(split.labels).tolist() for name, split in mixed.splits.items()}
    assert counts == {"train": [15, 15, 15], "val": [20, 4, 3], "test": [4, 4, 4]}
    for split in mixed.splits.values():  # each image has the grey of its class there
        levels = split.images[:, 1, 1, 0]
        assert (levels == np.array([11, 21, 1])[split.labels]).all()
    assert not (np.diff(mixed.train.labels) >= 0).all()  # mixed


def test_a_source_without_val_gives_some_training_images(root):
    mixed = load("mix:mnist/0+mnist/2", root)
    parts = {name: split.images[split.labels == 0, 0, 0, 0] for name, split in mixed.splits.items()}
    assert {name: len(part) for name, part in parts.items()} == {"train": 27, "val": 3, "test": 30}
    assert sorted([*parts["train"], *parts["val"]]) == [*range(30)]


def test_every_load_is_the_same_and_another_recipe_another(root):
    text = "mix:mnist/0+scans/1|noise(0.1)|train(9)"
    first, second = load(text, root), load(text, root)
    assert first.info.digest == second.info.digest == digest(text, root=root)
    assert (first.train.images == second.train.images).all()
    others = ["mix:mnist/0+scans/1|noise(0.2)|train(9)", "mix:mnist/0+scans/1|train(9)"]
    found = {load(other, root).info.digest for other in others}
    assert len(found) == 2 and first.info.digest not in found


def test_a_smaller_limit_draws_the_first_of_a_larger_one(root):
    def drawn(count):
        split = load(f"mix:mnist/0+mnist/1|train({count})", root).train
        return set(split.images[split.labels == 0, 0, 0, 0].tolist())

    assert drawn(5) < drawn(12) and len(drawn(12)) == 12


def test_contrast_and_noise(root):
    plain = load("mix:scans/0+scans/1", root).train.images
    flat = load("mix:scans/0+scans/1|contrast(0.5)", root).train.images
    np.testing.assert_array_equal(flat, np.rint(127.5 + 0.5 * (plain - 127.5)))
    noisy = load("mix:scans/0+scans/1|contrast(0)|noise(0.1)", root).train.images
    assert noisy.std() == pytest.approx(25.5, rel=0.15) and noisy.mean() == pytest.approx(
        127, abs=4
    )


def test_grey_and_colour_are_mixed_in_grey(root):
    with pytest.raises(UserError, match=r"4×4×1 and 4×4×3: add \|grayscale"):
        load("mix:scans/0+colour/1", root)
    assert load("mix:scans/0+colour/1|grayscale", root).train.images.shape == (40, 4, 4, 1)


def test_digits_are_never_mirrored(root):
    assert "flip" not in load("mix:mnist/0+scans/0", root).info.augment
    assert "flip" in load("mix:scans/0+scans/1", root).info.augment


def test_phantoms_need_no_file(tmp_path):
    text = "mix:phantom/normal+phantom/effusion|train(20)|val(5)|test(5)"
    mixed = load(text, tmp_path)
    assert mixed.train.images.shape == (40, 28, 28, 1) and mixed.info.task == "binary-class"
    assert digest(text, root=tmp_path) == mixed.info.digest


def test_without_its_files_it_has_no_digest(tmp_path):
    assert digest("mix:phantom/normal+gone/1", root=tmp_path) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mix:", "lacks a source"),
        ("mix:mnist/", "lacks a source"),
        ("mix:mnist/0+", "lacks a source"),
        ("mix:mnist/0", "only one class"),
        ("mix:mnist/0+mnist/0", "a class more than once"),
        ("mix:mnist+mnist/0", "a class more than once"),
        ("mix:mnist/7+mnist/0", "unknown class of mnist '7'"),
        ("mix:mnst/0+mnist/0", "did you mean 'mnist'"),
        ("mix:mnist|trian(5)", "unknown step of .* 'trian' .did you mean 'train'"),
        ("mix:mnist|train", "train needs a number, as in train"),
        ("mix:mnist|train(0)", "a whole number of at least 1, got 0"),
        ("mix:mnist|train(1.5)", "a whole number of at least 1, got 1.5"),
        ("mix:mnist|noise(-1)", "a number of at least 0, got -1"),
        ("mix:mnist|noise(nan)", "a number of at least 0, got nan"),
        ("mix:mnist|train(5)|train(6)", "the step train more than once"),
        ("mix:mnist|grayscale(1)", "takes no number"),
        ("mix:mnist|(5)", "unknown step"),
        ("mix:phantom_findings+scans", "has findings"),
    ],
)
def test_what_is_wrong_is_said(text, complaint, root):
    with pytest.raises(UserError, match=complaint):
        load(text, root)


def test_no_two_classes_have_one_name(root):
    mixed = load("mix:mnist+scans", root)
    assert len(set(mixed.info.classes)) == mixed.num_classes == 5


def test_a_config_takes_its_name_as_a_word():
    from medjax.run import config

    text = "mix:mnist/3+mnist/8|train(500)|noise(0.1)"
    assert config.make("dm", "phantom", f"quick,{text},ipc=5").data.name == text
    assert config.make("dm", "phantom", f"data.name={text},ipc=5").data.name == text
