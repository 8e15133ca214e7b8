"""Parses the text of a preparation: named steps, joined by ``|`` and applied from left to right."""

import ast
import dataclasses
import types
import typing
from typing import Any

from medjax.data.prepare.channels import Grayscale, Rgb
from medjax.data.prepare.clahe import Clahe
from medjax.data.prepare.depth import Depth
from medjax.data.prepare.preparation import Normalize, Preparation
from medjax.data.prepare.resizing import Resize
from medjax.data.prepare.windowing import PercentileClip, Window
from medjax.data.prepare.zca_whitening import Zca
from medjax.errors import UserError, unknown

_LAST = (Normalize, Zca)
_STEPS = (Resize, Window, PercentileClip, Depth, Clahe, Grayscale, Rgb, *_LAST)

STEPS = types.MappingProxyType({step.name: step for step in _STEPS})
"""The steps by the names that the text uses."""


def parse_preparation(text: str) -> Preparation:
    """Parses the text of a preparation.

    Args:
      text: names from ``STEPS`` joined by ``|``, each with its arguments in brackets, by position
        or by name. ``normalize`` or ``zca`` is last; ``normalize(per_channel)`` is the default.

    Returns:
      The preparation; parsing its ``str`` returns an equal one.

    Raises:
      UserError: for an unknown name, argument or value, or a wrong order.

    Example:
      >>> import numpy as np
      >>> preparation = parse_preparation("percentile_clip(high=99)|resize(8, crop)|zca(mtt)")
      >>> images = [np.arange(120, dtype=np.uint16).reshape(10, 12)] * 3
      >>> fitted = preparation.fit(images)
      >>> print("\\n".join(fitted.listed()))
      percentile_clip(low=0.5, high=99, over=train, bounds=(0.0, 118.0))
      resize(size=8, keep_aspect=crop)
      zca(definition=mtt)
      >>> fitted.apply(images).shape
      (3, 8, 8, 1)
    """
    try:
        nodes = _split(ast.parse(text.strip(), mode="eval").body) if text.strip() else []
        made = [_make(node) for node in nodes]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, UserError):
            raise
        needs = "steps joined by |, as in window(center=40, width=400)|resize(64)|rgb"
        raise UserError(f"cannot read the preparation {text!r}; needs {needs}") from error
    last = made.pop() if made and isinstance(made[-1], _LAST) else Normalize()
    for step in made:
        if isinstance(step, _LAST):
            raise UserError(f"{step.name} is the last step of a preparation, got {text!r}")
    return Preparation(tuple(made), last)


def _split(node: ast.expr) -> list[ast.expr]:
    """Returns the operands of ``a | b | c``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_split(node.left), *_split(node.right)]
    return [node]


def _make(node: ast.expr) -> Any:
    """Makes a step from its name or its call."""
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    if not isinstance(call.func, ast.Name):
        raise ValueError(ast.unparse(node))
    name = call.func.id
    if name not in STEPS:
        raise unknown("step", name, STEPS)
    fields = {field.name: field for field in dataclasses.fields(STEPS[name])}
    if len(call.args) > len(fields):
        raise UserError(f"{name} takes at most {len(fields)} arguments, got {len(call.args)}")
    given = dict(zip(fields, map(_value, call.args), strict=False))
    for keyword in call.keywords:
        if keyword.arg not in fields:
            raise unknown(f"argument of {name}", keyword.arg, fields)
        if keyword.arg in given:
            raise UserError(f"{name} is given {keyword.arg} twice")
        given[keyword.arg] = _value(keyword.value)
    missing = [f for f, x in fields.items() if f not in given and x.default is dataclasses.MISSING]
    if missing:
        raise UserError(f"{name} needs {' and '.join(missing)}, as in {name}({missing[0]}=…)")
    for key, value in given.items():
        given[key] = _typed(f"{name}: {key}", fields[key].type, value)
    return STEPS[name](**given)


def _value(node: ast.expr) -> Any:
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


def _typed(what: str, kind: Any, value: Any) -> Any:
    """Returns a value of a field's type; otherwise raises an error that names both."""
    if typing.get_origin(kind) is tuple:
        values = value if isinstance(value, tuple | list) else (value,)
        return tuple(float(_typed(what, float, x)) for x in values)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise UserError(f"{what} takes {kind.__name__} values, got {value!r}")
    return value
