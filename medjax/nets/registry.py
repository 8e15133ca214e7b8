"""Networks by name."""

import ast
import inspect
from typing import Any

from medjax.errors import UserError, unknown
from medjax.nets.alexnet import AlexNet
from medjax.nets.classifier import Classifier
from medjax.nets.convnet import ACTIVATIONS, ConvNet
from medjax.nets.layers.norms import NORMS
from medjax.nets.layers.pooling import POOLINGS
from medjax.nets.layers.precision import PRECISIONS
from medjax.nets.lenet import LeNet
from medjax.nets.mlp import MLP
from medjax.nets.resnet import ResNet18
from medjax.nets.vgg import VGG11

_NETS: dict[str, type[Classifier]] = {
    "alexnet": AlexNet,
    "convnet": ConvNet,
    "lenet": LeNet,
    "mlp": MLP,
    "resnet18": ResNet18,
    "vgg11": VGG11,
}
_CHOICES = {
    "norm": NORMS,
    "activation": tuple(ACTIVATIONS),
    "pooling": POOLINGS,
    "precision": tuple(PRECISIONS),
}


def names() -> tuple[str, ...]:
    """Returns the names of the networks, sorted.

    Returns:
      The names that ``make`` takes.

    Example:
      >>> names()
      ('alexnet', 'convnet', 'lenet', 'mlp', 'resnet18', 'vgg11')
    """
    return tuple(sorted(_NETS))


def options(name: str) -> dict[str, object]:
    """Returns a network's options with their defaults.

    Args:
      name: one of ``names()``.

    Returns:
      A dict from option to default, without ``num_classes``.

    Raises:
      UserError: the name is unknown.

    Example:
      >>> options("resnet18")
      {'width': 64, 'norm': 'instance', 'precision': 'float32'}
    """
    if name not in _NETS:
        raise unknown("network", name, names())
    parameters = inspect.signature(_NETS[name]).parameters.values()
    dropped = ("num_classes", "parent", "name")
    return {p.name: p.default for p in parameters if p.name not in dropped}


def make(name: str, *, num_classes: int, **chosen: Any) -> Classifier:
    """Makes a network by name.

    Args:
      name: one of ``names()``.
      num_classes: logits per image.
      **chosen: the network's options, see ``options``.

    Returns:
      A flax module: ``init(key, images)``, ``apply({"params": params}, images)`` gives logits
      ``[n, num_classes]``, and with ``method="embed"`` the features before the head.

    Raises:
      UserError: the name, an option or an option's value is unknown.

    Example:
      >>> make("convnet", num_classes=7, width=64).width
      64
    """
    known = options(name)
    for option, value in chosen.items():
        if option not in known:
            raise unknown(f"option of {name}", option, known)
        if option in _CHOICES and value not in _CHOICES[option]:
            raise unknown(option, value, _CHOICES[option])
        automatic = value is None and known[option] is None
        if option not in _CHOICES and not automatic and not (isinstance(value, int) and value >= 1):
            raise UserError(f"{option} of {name} must be a whole number of at least 1, got {value}")
    return _NETS[name](num_classes=num_classes, **chosen)


def parse(text: str) -> tuple[str, dict[str, object]]:
    """Parses a network as written on a command line: ``resnet18:width=32:norm=batch``.

    Args:
      text: a name, then options after colons.

    Returns:
      ``(name, options)``, as ``make`` takes them.

    Raises:
      UserError: the name or an option is unknown, or a value has the wrong type.

    Example:
      >>> parse("resnet18:width=32:norm=batch")
      ('resnet18', {'width': 32, 'norm': 'batch'})
    """
    name, *words = text.split(":")
    known = options(name)
    chosen: dict[str, object] = {}
    for word in words:
        option, _, value = word.partition("=")
        if option not in known:
            raise unknown(f"option of {name}", option, known)
        kind = int if known[option] is None else type(known[option])
        try:
            chosen[option] = value if kind is str else ast.literal_eval(value)
        except (ValueError, SyntaxError):
            chosen[option] = value
        if type(chosen[option]) is not kind:
            raise UserError(f"{option} of {name} takes {kind.__name__} values, got {value!r}")
    return name, chosen
