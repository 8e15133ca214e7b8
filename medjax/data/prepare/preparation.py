"""What is done to images between decoding and learning: a short list of named steps.

``window(center=40, width=400)|resize(64)|clahe|rgb`` is such a list, done from left to right. With
what a step found in the training images written in, it is also the record of what was done, and
the same text prepares anybody's images in the same way.
"""

import ast
import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data.dataset import Dataset, DatasetInfo, Split, make_dataset
from medjax.data.prepare import steps
from medjax.data.prepare.steps import Normalize, Zca
from medjax.errors import UserError, unknown

_IMAGE_STEPS = (
    steps.Resize,
    steps.Window,
    steps.PercentileClip,
    steps.Clahe,
    steps.Grayscale,
    steps.Rgb,
)
_LAST = (Normalize, Zca)

STEPS = types.MappingProxyType({step.name: step for step in (*_IMAGE_STEPS, *_LAST)})
"""The steps by the names that a list calls them."""

_Images = Sequence[np.ndarray] | np.ndarray


@dataclasses.dataclass(frozen=True)
class Preparation:
    """A list of steps.

    Attributes:
      steps: those on images, in order.
      last: how networks take the images: ``Normalize`` or ``Zca``.
    """

    steps: tuple[Any, ...] = ()
    last: Normalize | Zca = dataclasses.field(default_factory=Normalize)

    @property
    def zca(self) -> str:
        """The name of the whitening, one of ``data.ZCA``."""
        return self.last.definition if isinstance(self.last, Zca) else "none"

    def fit(self, images: _Images) -> "Preparation":
        """Finds in training images what the steps need of them.

        A step sees the images as the steps before it leave them. One that has its statistics
        keeps them.

        Args:
          images: as ``apply`` takes them; the training images alone.

        Returns:
          The preparation, ready to be applied.

        Raises:
          UserError: as ``apply``.
        """
        fitted = Preparation((), self.last)
        for step in self.steps:
            if getattr(step, "needs_images", False):
                step = step.fit(fitted.walk(images))
            fitted = dataclasses.replace(fitted, steps=(*fitted.steps, step))
        return fitted

    def apply(self, images: _Images) -> np.ndarray:
        """Takes images through the steps, all but the last.

        Args:
          images: an array ``[n, h, w]`` or ``[n, h, w, c]``, or images ``[h, w]`` or ``[h, w, c]``
            of differing sizes; of any real dtype.

        Returns:
          uint8 ``[n, h, w, c]``, 0–255, with one channel or three.

        Raises:
          UserError: for images that a step cannot take, that differ in shape after all, or whose
            values are not in pixel units after all.
        """
        shaped = isinstance(images, np.ndarray) and images.ndim == 4
        if shaped and not self.steps and images.dtype == np.uint8:
            return images
        prepared = []
        for number, image in enumerate(self.walk(images)):
            prepared.append(_bytes(image, number))
            if image.shape != prepared[0].shape:
                raise UserError(
                    f"image {number} is {list(image.shape)} when prepared, but the first is "
                    f"{list(prepared[0].shape)}; add resize(size), and grayscale or rgb"
                )
        if not prepared:
            raise UserError("there are no images to prepare")
        if prepared[0].shape[-1] not in (1, 3):
            raise UserError(
                f"images have {prepared[0].shape[-1]} channels when prepared, not 1 or 3"
            )
        return np.stack(prepared)

    def walk(self, images: _Images) -> Iterator[np.ndarray]:
        """Takes images through the steps one by one.

        Args:
          images: as ``apply`` takes them.

        Yields:
          ``[h, w, c]``, of whatever dtype and range the last step leaves.
        """
        for number, image in enumerate(images):
            image = np.asarray(image)
            image = image[..., None] if image.ndim == 2 else image
            if image.ndim != 3 or not image.size:
                raise UserError(f"image {number} must be [h, w] or [h, w, c], got {image.shape}")
            for step in self.steps:
                try:
                    image = step(image)
                except UserError as error:
                    raise UserError(f"{step.name} of image {number}: {error}") from error
            yield image

    def listed(self) -> list[str]:
        """The steps as text, in order, with all their arguments.

        Example:
          >>> parse_preparation("resize(64)|rgb").listed()
          ['resize(size=64, keep_aspect=pad)', 'rgb', 'normalize(mode=per_channel)']
        """
        return [_text(step) for step in (*self.steps, self.last)]

    def __str__(self) -> str:
        """The whole list, as ``parse_preparation`` reads it."""
        return "|".join(self.listed())


def parse_preparation(text: str) -> Preparation:
    """Reads a list of steps.

    Args:
      text: names from ``STEPS`` joined by ``|``, each with arguments in brackets where it takes
        any, by place or by name. ``normalize`` or ``zca`` is last; neither is
        ``normalize(per_channel)``.

    Returns:
      The preparation; ``str`` of it is read as the same again.

    Raises:
      UserError: for a name, an argument or a value that does not exist, or a wrong order.

    Example:
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
    except (SyntaxError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"cannot read the preparation {text!r}: it is steps joined by |, as in "
            "window(center=40, width=400)|resize(64)|rgb"
        ) from error
    last = made.pop() if made and isinstance(made[-1], _LAST) else Normalize()
    for step in made:
        if isinstance(step, _LAST):
            raise UserError(f"{step.name} is the last step of a preparation, got {text!r}")
    return Preparation(tuple(made), last)


def apply_preparation(
    info: DatasetInfo, splits: Mapping[str, Split], *, preparation: Preparation
) -> Dataset:
    """Makes a data set of images as they were decoded.

    Args:
      info: task, class names and provenance.
      splits: ``"train"``, ``"test"`` and perhaps ``"val"``; images as ``Preparation.apply`` takes
        them.
      preparation: what is done to the images; it is fitted to the training split alone.

    Returns:
      The data set, with uint8 images. Its ``mean`` and ``std`` are those of the training split, or
      those that ``normalize(fixed)`` gives; whitening is left to ``whiten``.

    Raises:
      UserError: as ``Preparation.apply``, or if images that are to be prepared stream from disk.

    Example:
      >>> from medjax import data
      >>> ds = data.load("phantom")
      >>> splits = {"train": ds.train, "test": ds.test}
      >>> steps = parse_preparation("resize(16)|rgb")
      >>> apply_preparation(ds.info, splits, preparation=steps).train.images.shape
      (2000, 16, 16, 3)
    """
    streamed = any(isinstance(split.images, np.memmap) for split in splits.values())
    if preparation.steps and streamed:
        names = ", ".join(step.name for step in preparation.steps)
        raise UserError(f"{names}: needs images in memory: raise data.stream_above_gib")
    fitted = preparation.fit(splits["train"].images)
    done = {}
    for name, split in splits.items():
        try:
            done[name] = Split(fitted.apply(split.images), split.labels)
        except UserError as error:
            raise UserError(f"{info.name}: {name}: {error}") from error
    dataset = dataclasses.replace(make_dataset(info, done), preparation=str(fitted))
    if isinstance(fitted.last, Normalize) and fitted.last.mode == "fixed":
        channels = dataset.mean.shape
        try:
            given = (fitted.last.mean, fitted.last.std)
            mean, std = (np.broadcast_to(np.float32(x), channels).copy() for x in given)
        except ValueError as error:
            raise UserError(
                f"normalize has {len(fitted.last.mean)} means, the images {channels[0]} channels"
            ) from error
        dataset = dataclasses.replace(dataset, mean=mean, std=std)
    return dataset


def _bytes(image: np.ndarray, number: int) -> np.ndarray:
    """An image in pixel units as uint8."""
    if image.dtype == np.uint8:
        return image
    try:
        return np.rint(steps.in_pixel_units(image) * 255).astype(np.uint8)
    except UserError as error:
        raise UserError(f"image {number} when prepared: {error}") from error


def _split(node: ast.expr) -> list[ast.expr]:
    """The operands of ``a | b | c``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_split(node.left), *_split(node.right)]
    return [node]


def _make(node: ast.expr) -> Any:
    """A step from its name, or from its call."""
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
    """A value of a field's type, or an error that names both."""
    if typing.get_origin(kind) is tuple:
        values = value if isinstance(value, tuple | list) else (value,)
        return tuple(float(_typed(what, float, x)) for x in values)
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or isinstance(value, bool):
        raise UserError(f"{what} takes {kind.__name__} values, got {value!r}")
    return value


def _text(step: Any) -> str:
    values = {f.name: getattr(step, f.name) for f in dataclasses.fields(step)}
    said = ", ".join(f"{name}={value}" for name, value in values.items() if value != ())
    return f"{step.name}({said})" if said else step.name
