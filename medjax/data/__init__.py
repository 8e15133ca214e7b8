"""Data sets: a name or path to uint8 splits with labels, statistics and provenance.

``load`` finds, fetches, checks or generates a set; ``real_data`` puts a split on the device and
``sample_class`` draws class batches from it inside jitted code.
"""

from medjax.data.cache import cache_root
from medjax.data.converted import ConvertOptions
from medjax.data.dataset import Dataset, DatasetInfo, Split
from medjax.data.decoding import Source, Unreadable, decode_all, file_source
from medjax.data.dicom import DicomOptions
from medjax.data.duplicates import Pair, Place, exact_groups, near_pairs
from medjax.data.folders import FolderOptions
from medjax.data.host import HostImages
from medjax.data.loading import Streaming, is_path, load, names, read
from medjax.data.native import prepare_picture
from medjax.data.normalize import channel_stats, denormalize, normalize
from medjax.data.picture import Picture
from medjax.data.preparation import STEPS, Preparation, parse_preparation, prepare
from medjax.data.registry import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL, ORDINAL, REGISTRY
from medjax.data.report import describe, report_text
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
from medjax.data.sources import Sources
from medjax.data.splitting import CutOptions
from medjax.data.tfds import TfdsOptions
from medjax.data.whitening import ZCA, Whitening, fit_whitening, whiten

__all__ = [
    "BINARY_CLASS",
    "MULTI_CLASS",
    "MULTI_LABEL",
    "ORDINAL",
    "REGISTRY",
    "STEPS",
    "ZCA",
    "ConvertOptions",
    "CutOptions",
    "Dataset",
    "DatasetInfo",
    "DicomOptions",
    "FolderOptions",
    "HostImages",
    "Pair",
    "Picture",
    "Place",
    "Preparation",
    "RealData",
    "Source",
    "Sources",
    "Split",
    "Streaming",
    "TfdsOptions",
    "Unreadable",
    "Whitening",
    "cache_root",
    "channel_stats",
    "class_indices",
    "decode_all",
    "denormalize",
    "describe",
    "exact_groups",
    "file_source",
    "fit_whitening",
    "group_indices",
    "is_path",
    "load",
    "names",
    "near_pairs",
    "normalize",
    "parse_preparation",
    "place",
    "prepare",
    "prepare_picture",
    "read",
    "real_data",
    "report_text",
    "sample_class",
    "sample_rows",
    "take",
    "whiten",
]
