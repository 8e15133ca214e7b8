"""Data sets: a name or path to uint8 splits with labels, statistics and provenance.

``load`` finds, fetches, checks or generates a set; ``real_data`` puts a split on the device and
``sample_class`` draws class batches from it inside jitted code.
"""

from medjax.data.cache import cache_root
from medjax.data.dataset import Dataset, DatasetInfo, Split
from medjax.data.host import HostImages
from medjax.data.loading import Streaming, load, names
from medjax.data.normalize import channel_stats, denormalize, normalize
from medjax.data.registry import REGISTRY
from medjax.data.sampling import (
    RealData,
    class_indices,
    group_indices,
    place,
    real_data,
    sample_class,
    sample_rows,
    take,
)
from medjax.data.whitening import ZCA, Whitening, fit_whitening, whiten

__all__ = [
    "REGISTRY",
    "ZCA",
    "Dataset",
    "DatasetInfo",
    "HostImages",
    "RealData",
    "Split",
    "Streaming",
    "Whitening",
    "cache_root",
    "channel_stats",
    "class_indices",
    "denormalize",
    "fit_whitening",
    "group_indices",
    "load",
    "names",
    "normalize",
    "place",
    "real_data",
    "sample_class",
    "sample_rows",
    "take",
    "whiten",
]
