"""Users' own pictures as a data set: folders of images and DICOM files, and TFDS."""

import functools
import logging
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax.data import splitting
from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist import registry
from medjax.data.pictures import conversion as converting
from medjax.data.pictures import decoding, dicom, folders, tfds
from medjax.data.pictures.conversion import ConvertOptions
from medjax.data.pictures.dicom import DicomOptions
from medjax.data.pictures.folders import FolderOptions
from medjax.data.pictures.tfds import TfdsOptions
from medjax.data.prepare import raw
from medjax.data.prepare.preparation import Preparation, parse_preparation
from medjax.data.splitting import CutOptions
from medjax.errors import UserError
from medjax.types import BINARY_CLASS, MULTI_CLASS

_log = logging.getLogger("medjax")
FOLDER, TFDS = "folder:", "tfds:"
PREFIXES = (FOLDER, TFDS)
_CHANNELS = {"grey": 1, "rgb": 3}


class Sources(NamedTuple):
    """How sets other than npz files are read.

    Attributes:
      folder: what says which files of ``folder:PATH`` are of which class.
      dicom: how DICOM files in folders are read.
      tfds: which part of ``tfds:NAME``.
      cut: how sets without splits are cut.
      convert: how pictures become images of one size.
    """

    folder: FolderOptions = FolderOptions()
    dicom: DicomOptions = DicomOptions()
    tfds: TfdsOptions = TfdsOptions()
    cut: CutOptions = CutOptions()
    convert: ConvertOptions = ConvertOptions()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Sources":
        """The options that stand in settings under the names of the attributes."""
        kinds = cls._field_defaults.items()
        return cls(**{name: type(default)(**settings.get(name, {})) for name, default in kinds})

    def asdict(self) -> dict[str, dict[str, Any]]:
        """The options as settings; ``Sources.of`` undoes it."""
        return {name: options._asdict() for name, options in self._asdict().items()}


class Conversion(NamedTuple):
    """What becomes of pictures.

    Attributes:
      size: side length of the images in pixels.
      download: whether what is missing is fetched.
      cache: folder of the cache.
      limit: a split whose images take more bytes stays on disk; None for no limit.
      preparation: what is done to each picture, as ``parse_preparation`` reads it; what makes all
        of one shape is added.
    """

    size: int
    download: bool
    cache: pathlib.Path
    limit: int | None
    preparation: str = ""


class Read(NamedTuple):
    """A set that was read.

    Attributes:
      info: task, class names and provenance.
      splits: by name.
      preparation: the steps that made the images, with what they found in the training split.
    """

    info: DatasetInfo
    splits: dict[str, Split]
    preparation: str


def read(name: str, sources: Sources, conversion: Conversion) -> Read:
    """Reads a set, from the cache if it was read before and nothing has changed since.

    Args:
      name: ``folder:PATH`` or ``tfds:NAME``.
      sources: options.
      conversion: what becomes of the pictures.

    Returns:
      The set, its images prepared.

    Raises:
      UserError: for whatever keeps it from being trained on.
    """
    if conversion.size < 1:
        raise UserError(f"size must be at least 1, got {conversion.size}")
    converting.check(sources.convert)
    dicom.check(sources.dicom)
    kind = _folder if name.startswith(FOLDER) else _tfds
    return kind(name.removeprefix(FOLDER).removeprefix(TFDS), sources, conversion)


def _folder(path: str, sources: Sources, conversion: Conversion) -> Read:
    folder = pathlib.Path(path).expanduser()
    entries = folders.entries(folder, sources.folder, sources.cut)
    folders.check_classes(str(folder), entries)
    classes = folders.class_names(entries)
    parts = {}
    for split in registry.SPLITS:
        chosen = [entry for entry in entries if entry.split == split]
        if chosen:
            files = [
                decoding.file_source(folder / entry.name, entry.name, options=sources.dicom)
                for entry in chosen
            ]
            parts[split] = converting.Part(files, [classes.index(entry.label) for entry in chosen])
    try:
        stats = [os.stat(folder / entry.name) for entry in entries]
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from error
    listing = [(*e, s.st_size, s.st_mtime_ns) for e, s in zip(entries, stats, strict=True)]
    name = folder.resolve().name
    return _converted(name, str(folder), classes, parts, listing, sources, conversion)


def _tfds(name: str, sources: Sources, conversion: Conversion) -> Read:
    found = tfds.contents(name, sources.tfds, download=conversion.download)
    splits = found.splits
    if list(splits) == ["train"]:
        files, labels = splits["train"]
        names = [source.name for source in files]
        assigned = np.array(splitting.split(labels, names, **sources.cut._asdict()))
        rows = {split: np.flatnonzero(assigned == split) for split in registry.SPLITS}
        splits = {
            split: ([files[row] for row in chosen], [labels[row] for row in chosen])
            for split, chosen in rows.items()
            if len(chosen)
        }
    for split, (files, _) in splits.items():
        if not files:
            raise UserError(f"tfds:{name} has no images in {split}")
    parts = {split: converting.Part(*columns) for split, columns in splits.items()}
    listing = [found.name, {split: (len(x.labels), x.labels) for split, x in parts.items()}]
    return _converted(
        name.split("/")[0], f"tfds:{found.name}", found.classes, parts, listing, sources, conversion
    )


def _converted(
    name: str,
    source: str,
    classes: tuple[str, ...],
    parts: Mapping[str, converting.Part],
    listing: Any,
    sources: Sources,
    conversion: Conversion,
) -> Read:
    """The set, its pictures converted now or before."""
    options = sources.convert
    everything = [source for part in parts.values() for source in part.sources]
    wanted = parse_preparation(conversion.preparation)

    def make(folder: pathlib.Path) -> dict[str, Any]:
        channels = _channels(wanted, everything, options)
        whole = raw.complete(wanted, size=conversion.size, channels=channels, fit=options.fit)
        fitted = raw.fit(whole, parts["train"].sources, threads=options.threads)
        to_bytes = functools.partial(raw.prepare_picture, fitted)
        unreadable, digest, measured = converting.convert(
            parts, folder=folder, to_bytes=to_bytes, threads=options.threads
        )
        if not options.skip_unreadable:
            setting = "data.convert.skip_unreadable=True"
            decoding.refuse(unreadable, total=len(everything), setting=setting)
        made = {"digest": digest, "left_out": unreadable, "native": measured}
        return made | {"preparation": str(fitted)}

    settings = sources.asdict()
    settings["convert"].pop("threads")
    steps = wanted.listed()[:-1]
    key = converting.key_of(
        [conversion.size, classes, settings, os.path.abspath(source), listing, steps]
    )
    arrays, facts = converting.arrays(key, make, root=conversion.cache)
    for place, reason in facts["left_out"]:
        _log.warning("data: left out %s: %s", place, reason)
    _check_left(source, classes, {split: arrays[f"{split}_labels"] for split in parts})
    last = wanted.listed()[-1]  # which is not of the images, and so not of what is kept
    text = "|".join([*parse_preparation(facts["preparation"]).listed()[:-1], last])
    info = _info(name, source, classes, facts)
    return Read(info, _splits(arrays, list(parts), conversion.limit), text)


def _info(
    name: str, source: str, classes: tuple[str, ...], facts: Mapping[str, Any]
) -> DatasetInfo:
    """What is told of a set of the user's own; ``facts`` are kept with its images."""
    return DatasetInfo(
        name=name,
        task=BINARY_CLASS if len(classes) == 2 else MULTI_CLASS,
        classes=classes,
        licence="unknown",
        source=source,
        digest=facts["digest"],
        official_digest=None,
        augment=registry.FULL_AUGMENT,
        left_out=tuple((place, reason) for place, reason in facts["left_out"]),
        native=facts["native"],
    )


def _channels(
    wanted: Preparation, everything: Sequence[decoding.Source], options: ConvertOptions
) -> int | None:
    """How many channels images are to have, where no step says it."""
    if raw.sets_channels(wanted):
        return None
    if options.mode != "auto":
        return _CHANNELS[options.mode]
    channels, why = decoding.set_channels(everything, threads=options.threads)
    _log.info("data: all images become %s: %s", "grey" if channels == 1 else "RGB", why)
    return channels


def _splits(
    arrays: Mapping[str, np.memmap], names: Sequence[str], limit: int | None
) -> dict[str, Split]:
    """Splits in memory, or on disk where they are too large."""
    splits = {}
    for name in names:
        images = arrays[f"{name}_images"]
        if limit is None or images.nbytes <= limit:
            images = np.array(images)
        splits[name] = Split(images, np.array(arrays[f"{name}_labels"]))
    return splits


def _check_left(source: str, classes: tuple[str, ...], labels: Mapping[str, np.ndarray]) -> None:
    """Refuses a set of which too much could not be read."""
    if len(classes) < 2:
        raise UserError(f"{source} holds one class; needs two or more")
    for split, found in labels.items():
        if not len(found):
            raise UserError(f"{source} holds no readable images in {split}")
    counts = np.bincount(labels["train"], minlength=len(classes))
    if not counts.all():
        name = classes[int(np.argmin(counts))]
        raise UserError(f"{source}: class {name} has no readable image in train")
