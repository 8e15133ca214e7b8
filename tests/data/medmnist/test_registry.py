"""The registry agrees with MedMNIST's own table; flips are off where sides are classes."""

import importlib.util
import pathlib
import re

import pytest

from medjax.data.medmnist import registry
from medjax.errors import UserError


def _medmnist_info(monkeypatch, home):
    """``medmnist.info.INFO`` without importing torch, which medmnist itself does."""
    package = importlib.util.find_spec("medmnist")
    if package is None:
        pytest.skip("needs the facts of the medmnist package: pip install -e '.[medmnist]'")
    monkeypatch.setenv("HOME", str(home))  # importing it makes ~/.medmnist
    path = pathlib.Path(package.submodule_search_locations[0]) / "info.py"
    spec = importlib.util.spec_from_file_location("medmnist_info", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.INFO


def test_every_fact_is_medmnists(monkeypatch, tmp_path):
    from medjax.data.medmnist import checksums, download

    info = _medmnist_info(monkeypatch, tmp_path)
    assert set(registry.REGISTRY) == {name for name in info if not name.endswith("3d")}
    for name, facts in registry.REGISTRY.items():
        theirs = info[name]
        assert facts.task == theirs["task"]
        assert facts.classes == tuple(theirs["label"][str(i)] for i in range(len(facts.classes)))
        assert len(facts.classes) == len(theirs["label"])
        assert facts.channels == theirs["n_channels"]
        assert facts.counts == tuple(theirs["n_samples"][split] for split in registry.SPLITS)
        assert facts.licence == theirs["license"]
        for size in registry.SIZES:
            suffix = "" if size == 28 else f"_{size}"
            assert checksums.official_md5(name, size=size) == theirs[f"MD5{suffix}"]
            assert download.url(name, size=size) == theirs[f"url{suffix}"]


def test_twelve_sets_with_four_different_digests_each():
    assert len(registry.REGISTRY) == 12
    digests = [digest for facts in registry.REGISTRY.values() for digest in facts.md5]
    assert len(set(digests)) == 48
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)


def test_published_class_counts():
    """Number of classes and of training images, from the MedMNIST v2 paper."""
    known = {"pathmnist": (9, 89996), "chestmnist": (14, 78468), "organsmnist": (11, 13932)}
    for name, (num_classes, train) in known.items():
        facts = registry.REGISTRY[name]
        assert (len(facts.classes), facts.counts[0]) == (num_classes, train)


def test_flip_is_off_exactly_where_sides_are_classes():
    for name, facts in registry.REGISTRY.items():
        sided = any(label.endswith("-left") for label in facts.classes)
        assert ("flip" in facts.augment.split("_")) is not sided, name


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        registry.REGISTRY["mine"] = registry.REGISTRY["pathmnist"]


def test_unsupported_size_names_the_choices():
    registry.check_size("bloodmnist", 224)
    with pytest.raises(UserError, match=r"^bloodmnist has no size 32; choose from: 28, 64, 128, 2"):
        registry.check_size("bloodmnist", 32)
