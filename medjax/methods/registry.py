"""Methods by name."""

import inspect
from collections.abc import Callable

import flax.linen as nn
from jax.sharding import Mesh

from medjax import parallel
from medjax.errors import unknown
from medjax.methods.coreset import herding, kcenter, random
from medjax.methods.dc import dc
from medjax.methods.distiller import Distiller
from medjax.methods.dm import dm
from medjax.methods.dsa import dsa
from medjax.methods.mtt import mtt

_METHODS: dict[str, Callable[..., Distiller]] = {
    "dc": dc,
    "dm": dm,
    "dsa": dsa,
    "herding": herding,
    "kcenter": kcenter,
    "mtt": mtt,
    "random": random,
}
# What devices can divide among them, where that is not everything.
_DIVIDED = {"mtt": ("net",)}
_OF_THE_RUN = ("net", "ipc", "num_groups", "mesh")


def names() -> tuple[str, ...]:
    """The names that ``make`` knows.

    Returns:
      The names, sorted.

    Example:
      >>> names()
      ('dc', 'dm', 'dsa', 'herding', 'kcenter', 'mtt', 'random')
    """
    return tuple(sorted(_METHODS))


def options(name: str) -> dict[str, object]:
    """A method's options with their defaults.

    Args:
      name: one of ``names()``.

    Returns:
      A dict from option to default, without ``net``, ``ipc``, ``num_groups`` and ``mesh``.

    Raises:
      UserError: for an unknown name.

    Example:
      >>> options("dm")["batch_real"]
      256
    """
    if name not in _METHODS:
        raise unknown("method", name, names())
    defaults = {}
    if name == "dsa":  # passes the rest of its options on to dc
        defaults.update(options("dc"))
    parameters = inspect.signature(_METHODS[name]).parameters.values()
    defaults.update((p.name, p.default) for p in parameters if p.kind is p.KEYWORD_ONLY)
    return {key: value for key, value in defaults.items() if key not in _OF_THE_RUN}


def axes(name: str) -> tuple[str, ...]:
    """The axes of a mesh along which devices divide a method's work.

    Args:
      name: one of ``names()``.

    Returns:
      Some of ``parallel.AXES``.

    Raises:
      UserError: for an unknown name.

    Example:
      >>> axes("dm"), axes("mtt")
      (('class', 'net', 'batch'), ('net',))
    """
    if name not in _METHODS:
        raise unknown("method", name, names())
    return _DIVIDED.get(name, parallel.AXES)


def make(
    name: str,
    *,
    net: nn.Module,
    ipc,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
    **knobs,
) -> Distiller:
    """Makes a method by name.

    Args:
      name: one of ``names()``.
      net: a flax module.
      ipc: images per class, one number or one for each class.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` is one for each
        class of a set with one label an image.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.
      **knobs: the method's own options, as ``options(name)`` lists them.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for an unknown name or option, or a value out of range.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=8)
      >>> distiller = make("dsa", net=net, ipc=10, num_networks=2)
    """
    known = options(name)
    for knob in knobs:
        if knob not in known:
            raise unknown(f"option of {name}", knob, known)
    return _METHODS[name](net=net, ipc=ipc, num_groups=num_groups, mesh=mesh, **knobs)
