"""Data sets: a name or path to uint8 splits with labels, statistics and provenance.

``load`` finds, fetches, checks or generates a set; ``real_data`` puts a split on the device and
``sample_class`` draws class batches from it inside jitted code.
"""

from medjax.data.dataset import Dataset, DatasetInfo, Split
from medjax.data.inspect.absent import absent_classes, absent_warning
from medjax.data.inspect.checking import check
from medjax.data.inspect.duplicates import Pair, Place, near_pairs
from medjax.data.inspect.report import describe
from medjax.data.inspect.text import report_text
from medjax.data.loading import EMBEDDED, digest, is_path, load, names, read
from medjax.data.medmnist.registry import REGISTRY
from medjax.data.normalize import channel_stats, denormalize, normalize, to_uint8
from medjax.data.pictures.conversion import ConvertOptions
from medjax.data.pictures.decoding import Source, Unreadable, decode_all, file_source
from medjax.data.pictures.dicom import DicomOptions
from medjax.data.pictures.listing.entry import FolderOptions
from medjax.data.pictures.nifti import NiftiOptions
from medjax.data.pictures.options import Sources
from medjax.data.pictures.picture import Picture
from medjax.data.pictures.raw_pictures import prepare_picture
from medjax.data.pictures.tfds import TfdsOptions
from medjax.data.prepare.apply_to_splits import apply_preparation, whiten
from medjax.data.prepare.parsing import STEPS, parse_preparation
from medjax.data.prepare.preparation import Preparation
from medjax.data.prepare.zca_whitening import ZCA, Whitening, fit_whitening
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
from medjax.data.soft_labels import are_probabilities
from medjax.data.splitting import CutOptions
from medjax.data.stream.host_images import HostImages
from medjax.data.stream.npz_cache import Streaming
from medjax.data.synthetic_npz import (
    SharedSet,
    load_synthetic,
    npz_bytes,
    save_synthetic,
    synthetic_bytes,
)
from medjax.store import cache_root
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL, ORDINAL

__all__ = [
    "BINARY_CLASS",
    "EMBEDDED",
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
    "NiftiOptions",
    "Pair",
    "Picture",
    "Place",
    "Preparation",
    "RealData",
    "SharedSet",
    "Source",
    "Sources",
    "Split",
    "Streaming",
    "TfdsOptions",
    "Unreadable",
    "Whitening",
    "absent_classes",
    "absent_warning",
    "apply_preparation",
    "are_probabilities",
    "cache_root",
    "channel_stats",
    "check",
    "class_indices",
    "decode_all",
    "denormalize",
    "describe",
    "digest",
    "file_source",
    "fit_whitening",
    "group_indices",
    "is_path",
    "load",
    "load_synthetic",
    "names",
    "near_pairs",
    "normalize",
    "npz_bytes",
    "parse_preparation",
    "place",
    "prepare_picture",
    "read",
    "real_data",
    "report_text",
    "sample_class",
    "sample_rows",
    "save_synthetic",
    "synthetic_bytes",
    "take",
    "to_uint8",
    "whiten",
]
