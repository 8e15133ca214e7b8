"""Planning of memory: chunk sizes from shapes and the machine."""

from medjax.planning.chunks import Chunks, at_once, backend_chunks
from medjax.planning.device import planned_device
from medjax.planning.matching import Cost, fit
from medjax.planning.memory import (
    NetworkBytes,
    available_memory,
    device_budget,
    network_bytes,
    residual_bytes,
)
from medjax.planning.unroll import check_unroll

__all__ = [
    "Chunks",
    "Cost",
    "NetworkBytes",
    "at_once",
    "available_memory",
    "backend_chunks",
    "check_unroll",
    "device_budget",
    "fit",
    "network_bytes",
    "planned_device",
    "residual_bytes",
]
