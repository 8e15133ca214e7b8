"""Reads TensorFlow Datasets as pictures; prepared sets are read without TensorFlow."""

from typing import Any, NamedTuple

import numpy as np

from medjax import store
from medjax.data.damaged import PARSER_ERRORS, UndecodableError, decoding_errors
from medjax.data.pictures.decoding import Source
from medjax.data.pictures.picture import Picture
from medjax.errors import UserError, unknown

_USUAL = {"train": ("train",), "val": ("validation", "val", "valid"), "test": ("test",)}


class TfdsOptions(NamedTuple):
    """Which part of a TFDS set is read.

    Attributes:
      data_dir: the folder of prepared sets; empty for the default of TFDS.
      train: split for training, as TFDS writes it (``"train[:70%]"``); empty for the set's own.
      val: split for val; empty for the set's own, if it has one.
      test: split for test; empty for the set's own. A set without test is cut as a folder without
        splits is.
      image: the feature of the image.
      label: the feature of the class.
    """

    data_dir: str = ""
    train: str = ""
    val: str = ""
    test: str = ""
    image: str = "image"
    label: str = "label"


class NotThereError(UserError):
    """A set that cannot be found here, or is not prepared."""


class Contents(NamedTuple):
    """A set before its images are decoded.

    Attributes:
      name: the name with config and version.
      classes: names in label order.
      splits: ``{name: (sources, labels)}``; ``"train"`` alone if the set must be cut.
    """

    name: str
    classes: tuple[str, ...]
    splits: dict[str, tuple[list[Source], list[int]]]


def contents(name: str, options: TfdsOptions, *, download: bool) -> Contents:
    """Lists a set, such as ``"malaria"`` or ``"name/config:1.0.0"``; its images are decoded later.

    Args:
      name: the name in TFDS.
      options: splits and features.
      download: whether a set that is not prepared is downloaded and prepared.

    Raises:
      NotThereError: if the package or the set is missing, or the set is not prepared and
        ``download`` is false.
      UserError: if a split or a feature is missing, or the set is prepared in a form that only
        TensorFlow reads.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise NotThereError(
            f"tfds:{name} needs TensorFlow Datasets ({error}): pip install -e '.[tfds]'"
        ) from error
    builder = _builder(tfds, name, options, download)
    features = builder.info.features
    for kind, key in (("image", options.image), ("label", options.label)):
        if key not in features:
            raise unknown(f"{kind} feature of tfds:{name}", key, features)
    if not isinstance(features[options.image], tfds.features.Image):
        raise UserError(f"tfds:{name}: the feature {options.image} is not an image")
    if not isinstance(features[options.label], tfds.features.ClassLabel):
        raise UserError(f"tfds:{name}: the feature {options.label} is not a class label")
    splits, wanted = {}, _splits(name, builder, options)
    _refuse_overlap(tfds, name, builder, wanted)
    for name_here, spec in wanted.items():
        splits[name_here] = _split(tfds, builder, spec, options)
    return Contents(builder.info.full_name, tuple(features[options.label].names), splits)


def _builder(tfds, name: str, options: TfdsOptions, download: bool) -> Any:
    where = {"data_dir": store.expand_user(options.data_dir) if options.data_dir else None}
    try:
        builder = tfds.builder(name, **where)
        prepared = builder.is_prepared()
        # The usual form of files allows no random access, and needs TensorFlow.
        if not prepared and download:
            builder = tfds.builder(name, file_format="array_record", **where)
            builder.download_and_prepare()
    except tfds.core.registered.DatasetNotFoundError as error:
        raise NotThereError(f"unknown TFDS set {name!r}: {_line(error)}") from error
    except _errors() as error:
        raise UserError(f"cannot prepare tfds:{name}: {_line(error)}") from error
    if not prepared and not download:
        raise NotThereError(
            f"tfds:{name} is not prepared in {builder.data_dir}: load with download=True, or say "
            "where it is with data.tfds.data_dir"
        )
    form = builder.info.file_format
    if form is not None and form.value != "array_record":
        raise UserError(
            f"tfds:{name} in {builder.data_dir} was prepared as {form.value}; prepare it again "
            "with file_format='array_record', in another data_dir"
        )
    return builder


def _errors() -> tuple[type[Exception], ...]:
    """Returns what TFDS raises for networks, disks, and sets that it cannot prepare or read."""
    from google.protobuf.message import DecodeError
    from tensorflow_datasets.core.download import DownloadError, download_manager, extractor

    return (
        *(*PARSER_ERRORS, OSError, ImportError, DecodeError, DownloadError),
        *(download_manager.NonMatchingChecksumError, extractor.ExtractError),
        extractor.UnsafeArchiveError,
    )


def _splits(name: str, builder: Any, options: TfdsOptions) -> dict[str, str]:
    """Returns the splits of TFDS by our names."""
    found = {}
    for ours, usual in _USUAL.items():
        asked = getattr(options, ours)
        own = [split for split in usual if split in builder.info.splits]
        if asked or own:
            found[ours] = asked or own[0]
    if "train" not in found:
        raise unknown(f"split of tfds:{name}", "train", builder.info.splits)
    if "val" in found and "test" not in found:
        raise UserError(
            f"tfds:{name} has no test split: give data.tfds.test as well as train and val, as in "
            "'train[80%:]'"
        )
    return found


def _refuse_overlap(tfds, name: str, builder: Any, splits: dict[str, str]) -> None:
    """Refuses splits that share examples."""
    taken = []
    for ours, asked in splits.items():
        try:
            parts = tfds.core.ReadInstruction.from_spec(asked).to_absolute(builder.info.splits)
        except PARSER_ERRORS as error:
            full = builder.info.full_name
            raise UserError(f"cannot read split {asked!r} of {full}: {_line(error)}") from error
        for part in parts:
            start = part.from_ or 0
            end = builder.info.splits[part.splitname].num_examples if part.to is None else part.to
            for other, source, low, high in taken:
                if other != ours and source == part.splitname and start < high and low < end:
                    raise UserError(
                        f"tfds:{name}: {ours} {asked!r} holds examples of {other} "
                        f"{splits[other]!r}; choose splits that do not overlap"
                    )
            taken.append((ours, part.splitname, start, end))


def _split(tfds, builder: Any, split: str, options: TfdsOptions) -> tuple[list[Source], list[int]]:
    """Returns the sources and labels of one split; only labels are decoded here."""
    try:
        encoded = builder.as_data_source(
            split=split, decoders={options.image: tfds.decode.SkipDecoding()}
        )
        labels = [int(encoded[row][options.label]) for row in range(len(encoded))]
        images = builder.as_data_source(split=split)
    except _errors() as error:
        raise UserError(
            f"cannot read split {split!r} of {builder.info.full_name}: {_line(error)}"
        ) from error
    if labels and min(labels) < 0:  # a missing label
        raise UserError(f"split {split!r} of {builder.info.full_name} has images without a label")
    feature = builder.info.features[options.image]
    channels = 1 if feature.shape[-1] == 1 else 3
    deep = channels == 1 and feature.np_dtype == np.uint16
    sources = [
        Source(
            f"{split}[{row}]",
            lambda: channels,
            lambda row=row: [_picture(images, row, options.image)],
            None,
            lambda: deep,
        )
        for row in range(len(labels))
    ]
    return sources, labels


def _picture(images: Any, row: int, feature: str) -> Picture:
    """Decodes an example, and drops transparency."""
    with decoding_errors(*_errors()):
        pixels = images[row][feature]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4):
        raise UndecodableError(f"has shape {pixels.shape}; needs (h, w, c)")
    kept = pixels[..., 0] if pixels.shape[2] < 3 else pixels[..., :3]
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    return Picture(kept, 0, white, depth_unknown=kept.ndim == 2 and kept.dtype == np.uint16)


def _line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[0].split())[:200] if lines else type(error).__name__
