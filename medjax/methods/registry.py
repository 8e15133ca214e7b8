"""Methods by name."""

import inspect
from collections.abc import Callable, Sequence
from typing import NamedTuple

import flax.linen as nn
from jax.sharding import Mesh

from medjax import parallel
from medjax.errors import unknown
from medjax.methods.distiller import Distiller
from medjax.methods.features.auto import auto
from medjax.methods.features.dm import dm
from medjax.methods.features.idm import idm
from medjax.methods.features.ncfm import ncfm
from medjax.methods.gradients.dc import dc
from medjax.methods.gradients.dsa import dsa
from medjax.methods.gradients.idc import idc
from medjax.methods.selected.coreset import herding, kcenter, random
from medjax.methods.selected.rded import rded
from medjax.methods.trajectories.datm import datm
from medjax.methods.trajectories.hoptm import hoptm
from medjax.methods.trajectories.mtt import mtt


class Method(NamedTuple):
    """A method of the registry.

    Attributes:
      factory: makes the ``Distiller``; its keyword arguments are the options of the method.
      extends: the factory to which ``factory`` passes all other options.
      axes: the axes of a mesh along which devices divide the work.
      real: what of real images its images are unchanged, see ``real_parts``.
    """

    factory: Callable[..., Distiller]
    extends: Callable[..., Distiller] | None = None
    axes: tuple[str, ...] = parallel.AXES
    real: str | None = None


_METHODS = {
    "auto": Method(auto, extends=dm),
    "datm": Method(datm, extends=mtt, axes=("net",)),
    "dc": Method(dc),
    "dm": Method(dm),
    "dsa": Method(dsa, extends=dc),
    "herding": Method(herding, real="coreset"),
    "hoptm": Method(hoptm, extends=mtt, axes=("net",)),
    "idc": Method(idc),
    "idm": Method(idm),
    "kcenter": Method(kcenter, real="coreset"),
    "mtt": Method(mtt, axes=("net",)),
    "ncfm": Method(ncfm),
    "random": Method(random, real="coreset"),
    "rded": Method(rded, real="crops"),
}
# Arguments that are no options: the run sets them, or a method that extends another.
_NO_OPTIONS = ("net", "ipc", "num_groups", "mesh", "matching")


def names() -> tuple[str, ...]:
    """Returns the names that ``make`` knows.

    Returns:
      The names, sorted.

    Example:
      >>> names()[:4]
      ('auto', 'datm', 'dc', 'dm')
    """
    return tuple(sorted(_METHODS))


def options(name: str) -> dict[str, object]:
    """Returns the options of a method with their defaults.

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
    method = _find(name)
    signatures = [inspect.signature(f) for f in (method.extends, method.factory) if f]
    named = [p for s in signatures for p in s.parameters.values() if p.kind is p.KEYWORD_ONLY]
    return {p.name: p.default for p in named if p.name not in _NO_OPTIONS}


def axes(name: str) -> tuple[str, ...]:
    """Returns the axes of a mesh along which devices divide the work of a method.

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
    return _find(name).axes


def real_parts(name: str) -> str | None:
    """Returns what of real images the images of a method are, if it distils none.

    Args:
      name: one of ``names()``.

    Returns:
      ``"coreset"`` for real images as they are, ``"crops"`` for parts of them, ``None`` for
      synthetic images.

    Raises:
      UserError: for an unknown name.

    Example:
      >>> real_parts("herding"), real_parts("rded"), real_parts("dm")
      ('coreset', 'crops', None)
    """
    return _find(name).real


def make(
    name: str,
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    num_groups: int | None = None,
    mesh: Mesh | None = None,
    **settings: object,
) -> Distiller:
    """Makes a method by name.

    Args:
      name: one of ``names()``.
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.
      **settings: the method's own options, listed by ``options(name)``.

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
    for option in settings:
        if option not in known:
            raise unknown(f"option of {name}", option, known)
    return _find(name).factory(net=net, ipc=ipc, num_groups=num_groups, mesh=mesh, **settings)


def _find(name: str) -> Method:
    if name not in _METHODS:
        raise unknown("method", name, names())
    return _METHODS[name]
