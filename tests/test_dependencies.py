"""The dependencies of medjax: the core is light."""

import importlib.metadata
import pathlib
import tomllib

import pytest

requirements = pytest.importorskip("packaging.requirements")
HEAVY = {
    "torch",
    "torchvision",
    "tensorflow",
    "tensorflow-cpu",
    "scikit-learn",
    "keras",
    "medmnist",
}
HEAVY |= {"tensorflow-datasets", "pydicom", "pandas", "pyarrow"}
PROJECT = tomllib.loads(
    (pathlib.Path(__file__).resolve().parent.parent / "pyproject.toml").read_text()
)["project"]


def _closure(lines):
    """Every distribution that some requirements need, as far as it is installed."""
    found, rest = {}, [requirements.Requirement(line) for line in lines]
    while rest:
        requirement = rest.pop()
        name, extras = requirement.name.lower().replace("_", "-"), requirement.extras | {""}
        if extras <= found.setdefault(name, set()):
            continue
        found[name] |= extras
        try:
            needed = importlib.metadata.requires(requirement.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in needed:
            inner = requirements.Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({"extra": x}) for x in extras):
                rest.append(inner)
    return set(found)


def test_the_core_brings_nothing_heavy():
    found = _closure(PROJECT["dependencies"])
    assert {"jax", "jaxlib", "tensorstore"} <= found  # through others, too
    assert not HEAVY & found


def test_the_walk_catches():
    assert "scikit-learn" in _closure(["scikit-learn"]) & HEAVY


def test_extras_of_data_sources():
    extras = PROJECT["optional-dependencies"]
    names = {kind: {requirements.Requirement(x).name for x in extras[kind]} for kind in extras}
    assert "pydicom" in names["dicom"] and "tensorflow-datasets" in names["tfds"]
    assert not HEAVY & names["tfds"] - {"tensorflow-datasets"}
    assert {"tensorflow-cpu", "importlib_resources", "medjax"} <= names["test"]
