"""Networks by name."""

import inspect

import flax.linen as nn

from medjax.errors import unknown
from medjax.nets.convnet import ACTIVATIONS, POOLINGS, ConvNet
from medjax.nets.norms import NORMS
from medjax.nets.precision import PRECISIONS

_NETS = {"convnet": ConvNet}
_CHOICES = {
    "norm": NORMS,
    "activation": tuple(ACTIVATIONS),
    "pooling": POOLINGS,
    "precision": PRECISIONS,
}


def names() -> tuple[str, ...]:
    """The names that ``make`` knows.

    Returns:
      The names, sorted.

    Example:
      >>> names()
      ('convnet',)
    """
    return tuple(sorted(_NETS))


def make(name: str, *, num_classes: int, **options) -> nn.Module:
    """Makes a network by name.

    Args:
      name: one of ``names()``.
      num_classes: logits per image.
      **options: the network's own attributes; for ``convnet`` these are ``width``, ``depth``,
        ``norm``, ``activation``, ``pooling`` and ``precision``.

    Returns:
      A flax module: ``init(key, images)``, ``apply({"params": params}, images)`` gives logits
      ``[n, num_classes]``, and with ``method="embed"`` the features before the head.

    Raises:
      UserError: for a name, an option or an option's value that does not exist.

    Example:
      >>> make("convnet", num_classes=7, width=64).width
      64
    """
    if name not in _NETS:
        raise unknown("network", name, names())
    fields = [f for f in inspect.signature(_NETS[name]).parameters if f not in ("parent", "name")]
    for option, value in options.items():
        if option not in fields:
            raise unknown(f"option of {name}", option, fields)
        if option in _CHOICES and value not in _CHOICES[option]:
            raise unknown(option, value, _CHOICES[option])
    return _NETS[name](num_classes=num_classes, **options)
