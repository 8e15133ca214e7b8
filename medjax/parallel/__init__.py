"""Many devices and processes: the mesh, how work is divided, and how processes start."""

from medjax.parallel.mesh import AXES, make_mesh, replicate
from medjax.parallel.spread import Axes, AxisNames, Share, axes_of, on_mesh, share, share_size
from medjax.parallel.start import Cluster, find_cluster, join, leave, lost_peer

__all__ = [
    "AXES",
    "Axes",
    "AxisNames",
    "Cluster",
    "Share",
    "axes_of",
    "find_cluster",
    "join",
    "leave",
    "lost_peer",
    "make_mesh",
    "on_mesh",
    "replicate",
    "share",
    "share_size",
]
