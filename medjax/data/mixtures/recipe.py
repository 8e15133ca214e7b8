"""The recipe of a mixture: its name, which lists the classes and what is done to their images.

``mix:mnist/3+mnist/8|train(500)|noise(0.1)`` is a set of two classes of MNIST with 500 training
images each and noise. The name alone tells what the set is, wherever it is loaded.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from medjax.errors import UserError, unknown

PREFIX = "mix:"
_STEP = re.compile(r"\s*(\w+)\s*(?:\(\s*([^()]*?)\s*\))?\s*")
_LIMITS = ("train", "val", "test")
_CHANGES = ("contrast", "noise")
_GREY = "grayscale"
STEPS = (*_LIMITS, *_CHANGES, _GREY)
"""Names of the steps behind the classes."""


class Part(NamedTuple):
    """A source of images.

    Attributes:
      source: a name for ``data.load``.
      label: name or number of a class; empty for all classes.
    """

    source: str
    label: str


class Recipe(NamedTuple):
    """What a mixture is made of.

    Attributes:
      parts: the sources, in the order of the classes.
      limits: the most images of a class, by split.
      contrast: factor of the distance to middle grey.
      noise: standard deviation of normal noise in pixel units, 0–1.
      grayscale: whether all images become grey, without which sources must have equal channels.
    """

    parts: tuple[Part, ...]
    limits: Mapping[str, int]
    contrast: float = 1.0
    noise: float = 0.0
    grayscale: bool = False


def parse_recipe(text: str) -> Recipe:
    """Reads the name of a mixture.

    Args:
      text: ``mix:SOURCE/CLASS+SOURCE/CLASS|step|step``. A source without a class gives all of its
        classes. The steps are ``train(n)``, ``val(n)`` and ``test(n)``, the most images of a class;
        ``contrast(factor)``, ``noise(std)`` and ``grayscale``.

    Returns:
      The recipe.

    Raises:
      UserError: for an unknown or repeated step, a number out of range, or an empty source.

    Example:
      >>> recipe = parse_recipe("mix:mnist/3+mnist/8|train(500)|noise(0.1)")
      >>> recipe.parts[1], recipe.limits, recipe.noise
      (Part(source='mnist', label='8'), {'train': 500}, 0.1)
    """
    content, *steps = text.removeprefix(PREFIX).split("|")
    parts = []
    for word in content.split("+"):
        source, slash, label = (piece.strip() for piece in word.partition("/"))
        if not source or (slash and not label):
            raise UserError(
                f"{text} lacks a source: a mixture is written as in mix:mnist/3+mnist/8"
            )
        parts.append(Part(source, label))
    found: dict[str, float] = {}
    for step in steps:
        name, number = _step(text, step)
        if name in found:
            raise UserError(f"{text} has the step {name} more than once")
        found[name] = number
    limits = {name: int(found[name]) for name in _LIMITS if name in found}
    changes = {name: found[name] for name in _CHANGES if name in found}
    return Recipe(tuple(parts), limits, **changes, grayscale=_GREY in found)


def _step(text: str, step: str) -> tuple[str, float]:
    """Returns the name of a step and its number, which is checked."""
    match = _STEP.fullmatch(step)
    name = match[1] if match else step.strip()
    if match is None or name not in STEPS:
        raise unknown(f"step of {text}:", name, STEPS)
    given = match[2]
    if name == _GREY:
        if given:
            raise UserError(f"{text}: {name} takes no number, got {given}")
        return name, 1
    try:
        number = float(given or "")
    except ValueError as error:
        raise UserError(f"{text}: {name} needs a number, as in {_example(name)}") from error
    whole = name in _LIMITS
    if not (number >= whole and number < 1e9 and (not whole or number == int(number))):
        what = "a whole number of at least 1" if whole else "a number of at least 0"
        raise UserError(f"{text}: {name} needs {what}, got {given}")
    return name, number


def _example(name: str) -> str:
    return f"{name}(100)" if name in _LIMITS else f"{name}(0.1)"
