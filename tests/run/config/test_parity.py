"""The augmentation that DC's reference evaluates with."""

import pytest

from medjax.run import config
from medjax.run.config import parity


def recipe(arg, method="dc"):
    made = config.make(method, "phantom", arg).evaluation
    return made.augment, made.epochs


def test_dc_in_parity_has_the_references_augmentation():
    assert recipe("data.name=mnist,evaluation.parity=True") == ("dc_crop_scale_rotate", 1000)
    norm = "net.norm=batch,evaluation.parity=True"
    assert recipe(norm) == recipe(f"data.name=mnist,{norm}") == ("dc_crop_noise", 1000)


@pytest.mark.parametrize(
    "arg",
    [
        "data.name=mnist",
        "data.name=mnist,net.norm=batch",
        "evaluation.parity=True",
        "data.name=mnist,evaluation.augment=none,evaluation.parity=True",
        "net.name=resnet18,net.norm=batch,evaluation.parity=True",
    ],
)
def test_otherwise_dc_has_none(arg):
    assert recipe(arg) == ("none", 300)


def test_what_the_user_sets_is_kept():
    words = "data.name=mnist,evaluation.parity=True"
    assert recipe(f"{words},evaluation.epochs=7") == ("dc_crop_scale_rotate", 7)
    assert recipe(f"{words},quick") == ("dc_crop_scale_rotate", 300)
    assert recipe(f"{words},evaluation.augment=crop") == ("crop", 300)
    own = config.make("dc", "mnist", words, overrides={"evaluation.augment": "none"})
    assert own.evaluation.augment == "none"


@pytest.mark.parametrize("method", ["dm", "dsa", "mtt", "random"])
def test_the_other_methods_keep_theirs(method):
    words = "data.name=mnist"
    assert recipe(f"{words},evaluation.parity=True", method) == recipe(words, method)


@pytest.mark.parametrize(
    ("dataset", "is_mnist"), [("mnist", True), ("a/mnist.npz", True), ("pathmnist", False)]
)
def test_the_set_is_known_by_its_name(dataset, is_mnist):
    found = parity.dc_augmentation(dataset, net="convnet", norm="instance")
    assert found == ("dc_crop_scale_rotate" if is_mnist else "none")
