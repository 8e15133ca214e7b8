"""The importable contract of medjax.augment: its names and signatures."""

import inspect

import pytest

from medjax import augment

SIGNATURES = {
    "brightness": "images, shift",
    "saturation": "images, factor",
    "contrast": "images, factor",
    "translate": "images, dy, dx",
    "cutout": "images, row, col, *, size",
    "flip": "images, do_flip",
    "scale": "images, sy, sx",
    "rotate": "images, radians",
    "cutmix": "images, draw",
    "sample_cutmix": "key, n, *, probability",
    "parse_augmentation": "text",
    "parse_strategy": "text",
    "Strategy.sample": "self, key",
    "Strategy.sample_per_image": "self, key, n",
    "Strategy.apply": "self, draw, images",
    "DCStrategy.sample_per_image": "self, key, n",
    "DCStrategy.apply": "self, draw, images",
}


EXPORTED = {name: getattr(augment, name) for name in augment.__all__}
CLASSES = {"Augmentation", "DCDraw", "DCStrategy", "Draw", "LayeredStrategy", "Strategy"}
CLASSES |= {"CutMixDraw"}
METHODS = {
    f"{cls.__name__}.{n}": f
    for cls in (augment.Strategy, augment.DCStrategy)
    for n, f in vars(cls).items()
    if not n.startswith("_")
}
FUNCTIONS = {n: f for n, f in (EXPORTED | METHODS).items() if inspect.isfunction(f)}


def test_the_facade_exports_the_contract_and_nothing_else():
    assert FUNCTIONS.keys() == SIGNATURES.keys()
    assert set(augment.__all__) == {n for n in SIGNATURES if "." not in n} | CLASSES


@pytest.mark.parametrize("name, function", FUNCTIONS.items())
def test_signature(name, function):
    parameters = inspect.signature(function).parameters.values()
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    assert str(inspect.Signature(bare)) == f"({SIGNATURES[name]})"


@pytest.mark.parametrize("name, function", FUNCTIONS.items())
def test_rules(name, function):
    parameters = list(inspect.signature(function).parameters.values())
    names = [p.name for p in parameters if p.name != "self"]
    assert "rng" not in names
    assert "key" not in names[1:]
    assert all(p.default is p.empty for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
