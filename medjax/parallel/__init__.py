"""Many devices: the mesh, and how work is divided among its devices."""

from medjax.parallel.mesh import AXES, make_mesh, replicate
from medjax.parallel.spread import Axes, AxisNames, Share, axes_of, on_mesh, share, share_size

__all__ = [
    "AXES",
    "Axes",
    "AxisNames",
    "Share",
    "axes_of",
    "make_mesh",
    "on_mesh",
    "replicate",
    "share",
    "share_size",
]
