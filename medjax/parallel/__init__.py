"""Many devices and processes: the mesh, the division of work, and the start of processes."""

from medjax.parallel.mesh import AXES, make_mesh, replicate
from medjax.parallel.processes import is_first, of_all_processes, reports_folder
from medjax.parallel.spread import Axes, AxisNames, Share, axes_of, on_mesh, share, share_size
from medjax.parallel.start import (
    VARIABLES,
    Cluster,
    distributed,
    exit_process,
    find_cluster,
    join,
    lost_peer,
)

__all__ = [
    "AXES",
    "VARIABLES",
    "Axes",
    "AxisNames",
    "Cluster",
    "Share",
    "axes_of",
    "distributed",
    "exit_process",
    "find_cluster",
    "is_first",
    "join",
    "lost_peer",
    "make_mesh",
    "of_all_processes",
    "on_mesh",
    "replicate",
    "reports_folder",
    "share",
    "share_size",
]
