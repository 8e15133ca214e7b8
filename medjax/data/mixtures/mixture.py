"""A mixture: classes of several data sets as one data set."""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist.registry import FULL_AUGMENT, NO_FLIP_AUGMENT, SPLITS
from medjax.data.mixtures.recipe import Recipe, parse_recipe
from medjax.data.prepare.channels import Grayscale
from medjax.errors import UserError, unknown
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL

Source = tuple[DatasetInfo, Mapping[str, Split]]
_VAL_SHARE = 10


class _Class(NamedTuple):
    """A class of a source.

    Attributes:
      source: the name of the source.
      number: its label there.
      name: its name in the mixture.
    """

    source: str
    number: int
    name: str


def read(text: str, read_source: Callable[[str], Source]) -> tuple[DatasetInfo, dict[str, Split]]:
    """Makes the mixture that a name describes; every call returns the same images.

    The images of a class are drawn without replacement, the same in all mixtures with equal limits.
    A source without a val split gives one of ten training images to val.

    Args:
      text: the name, see ``parse_recipe``.
      read_source: returns ``(info, splits)`` of a data set by its name.

    Returns:
      ``(info, splits)``. The digest is the MD5 of the arrays, so it pins the content.

    Raises:
      UserError: for a name that is not valid, a source that cannot be read or has several labels an
        image, an unknown class, fewer than two classes, or images that do not fit together.

    Example:
      >>> from medjax.data.phantoms.phantom import generate
      >>> def source(name): return (made := generate(name, size=28)).info, made.splits
      >>> info, splits = read("mix:phantom/normal+phantom/effusion|train(50)", source)
      >>> info.classes, splits["train"].images.shape
      (('phantom normal', 'phantom effusion'), (100, 28, 28, 1))
    """
    recipe = parse_recipe(text)
    sources = {name: read_source(name) for name in dict.fromkeys(sources_of(text))}
    classes = [one for part in recipe.parts for one in _classes(text, part, sources)]
    if len(set(classes)) != len(classes) or len(classes) < 2:
        problem = "only one class" if len(classes) < 2 else "a class more than once"
        raise UserError(f"{text} has {problem}; a mixture needs two different classes or more")
    splits = {name: _split(text, name, recipe, classes, sources) for name in SPLITS}
    return _info(text, classes, sources, splits), splits


def sources_of(text: str) -> list[str]:
    """Returns the names of the data sets that a mixture is made of, in order.

    Example:
      >>> sources_of("mix:mnist/3+mnist/8+phantom")
      ['mnist', 'phantom']
    """
    return list(dict.fromkeys(part.source for part in parse_recipe(text).parts))


def _classes(text: str, part, sources: Mapping[str, Source]) -> list[_Class]:
    """Returns the class of a part, or all classes of its source."""
    info = sources[part.source][0]
    if info.task == MULTI_LABEL:
        raise UserError(f"{text}: {part.source} has findings, and a mixture is made of classes")
    named = {name.lower(): number for number, name in enumerate(info.classes)}
    known = {str(number): number for number in range(len(info.classes))} | named
    if part.label and part.label.lower() not in known:
        raise unknown(f"class of {part.source}", part.label, info.classes)
    numbers = [known[part.label.lower()]] if part.label else range(len(info.classes))
    return [_Class(part.source, n, f"{part.source} {info.classes[n]}") for n in numbers]


def _split(
    text: str,
    name: str,
    recipe: Recipe,
    classes: list[_Class],
    sources: Mapping[str, Source],
) -> Split:
    images, labels = [], []
    for label, one in enumerate(classes):
        some = _images(name, one, sources[one.source][1], recipe.limits.get(name))
        if not len(some):
            raise UserError(f"{text}: {one.name} has no image in {name}")
        images.append(Grayscale()(some) if recipe.grayscale else some)
        labels.append(np.full(len(some), label, np.int32))
    shapes = {some.shape[1:] for some in images}
    if len(shapes) > 1:
        found = " and ".join("×".join(map(str, shape)) for shape in sorted(shapes))
        raise UserError(f"{text} has images of {found}: add |grayscale, or use sets of one size")
    rng = np.random.default_rng([SPLITS.index(name), len(classes)])
    order = rng.permutation(sum(map(len, labels)))
    mixed = _changed(np.concatenate(images)[order], recipe, rng)
    return Split(mixed, np.concatenate(labels)[order])


def _images(name: str, one: _Class, splits: Mapping[str, Split], most: int | None) -> np.ndarray:
    """Returns the images of a class, in a fixed random order; at most so many."""
    has_val = "val" in splits
    split = splits[name if has_val or name == "test" else "train"]
    rows = np.flatnonzero(split.labels == one.number)
    drawn_from = SPLITS.index("train" if not has_val and name == "val" else name)
    rows = np.random.default_rng([one.number, drawn_from]).permutation(rows)
    if not has_val and name != "test":
        cut = -(-len(rows) // _VAL_SHARE)
        rows = rows[:cut] if name == "val" else rows[cut:]
    return np.asarray(split.images[rows[:most]])


def _changed(images: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Returns uint8 images with another contrast and with noise."""
    if recipe.contrast == 1 and recipe.noise == 0:
        return images
    if images.dtype != np.uint8:
        raise UserError(f"contrast and noise take uint8 images, got {images.dtype}")
    values = 127.5 + recipe.contrast * (images - 127.5)
    values += 255 * recipe.noise * rng.standard_normal(images.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _info(
    text: str,
    classes: list[_Class],
    sources: Mapping[str, Source],
    splits: Mapping[str, Split],
) -> DatasetInfo:
    digest, infos = hashlib.md5(usedforsecurity=False), [info for info, _ in sources.values()]
    for split in splits.values():
        digest.update(split.images.tobytes())
        digest.update(split.labels.astype("<i4").tobytes())
    flips = all(info.augment == FULL_AUGMENT for info in infos)
    return DatasetInfo(
        name=text,
        task=BINARY_CLASS if len(classes) == 2 else MULTI_CLASS,
        classes=tuple(one.name for one in classes),
        licence=", ".join(dict.fromkeys(info.licence for info in infos)),
        source=f"mixed from {', '.join(info.source for info in infos)}",
        digest=digest.hexdigest(),
        official_digest=None,
        augment=FULL_AUGMENT if flips else NO_FLIP_AUGMENT,
    )
