"""Data sets of a user's own pictures: folders of images and DICOM files, and TFDS."""

import dataclasses
import functools
import logging
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax import store
from medjax.data import splitting
from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist import registry
from medjax.data.pictures import conversion, decoding, dicom, folders, picture_cache, tfds
from medjax.data.pictures.conversion import ConvertOptions
from medjax.data.pictures.dicom import DicomOptions
from medjax.data.pictures.folders import FolderOptions
from medjax.data.pictures.tfds import TfdsOptions
from medjax.data.prepare import raw_pictures
from medjax.data.prepare.parsing import parse_preparation
from medjax.data.prepare.preparation import Preparation
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
      folder: how the class of a file of ``folder:PATH`` is found.
      dicom: how DICOM files in folders are read.
      tfds: which part of ``tfds:NAME`` is read.
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
        """Returns the options of settings whose keys are the names of the attributes."""
        kinds = cls._field_defaults.items()
        return cls(**{name: type(default)(**settings.get(name, {})) for name, default in kinds})

    def asdict(self) -> dict[str, dict[str, Any]]:
        """Returns the options as settings that ``Sources.of`` takes."""
        return {name: options._asdict() for name, options in self._asdict().items()}


class Request(NamedTuple):
    """The images that are wanted of a set of pictures.

    Attributes:
      size: side length of the images in pixels.
      download: whether a missing set is downloaded.
      cache: folder of the cache.
      limit: bytes; a split whose images take more stays on disk. None for no limit.
      preparation: the steps for each picture; steps that give all images one shape are added.
    """

    size: int
    download: bool
    cache: pathlib.Path
    limit: int | None
    preparation: Preparation = Preparation()


class Read(NamedTuple):
    """A set that was read, and the steps that made its images, fitted to the training split."""

    info: DatasetInfo
    splits: dict[str, Split]
    preparation: Preparation


class _Listed(NamedTuple):
    """A set whose pictures are not decoded yet; ``listing`` is JSON that changes with the set."""

    name: str
    source: str
    classes: tuple[str, ...]
    parts: dict[str, conversion.Part]
    listing: Any


def read(name: str, sources: Sources, request: Request) -> Read:
    """Reads ``folder:PATH`` or ``tfds:NAME``, from the cache if the set has not changed.

    Raises:
      UserError: if networks cannot be trained on the set.
    """
    if request.size < 1:
        raise UserError(f"size must be at least 1, got {request.size}")
    conversion.check(sources.convert)
    dicom.check(sources.dicom)
    if name.startswith(FOLDER):
        listed = _folder(name.removeprefix(FOLDER), sources)
    else:
        listed = _tfds(name.removeprefix(TFDS), sources, download=request.download)
    return _converted(listed, sources, request)


def _folder(path: str, sources: Sources) -> _Listed:
    folder = store.expand_user(path)
    entries = folders.entries(folder, sources.folder, sources.cut)
    folders.check_classes(str(folder), entries)
    classes = folders.class_names(entries)
    parts = {}
    for split in registry.SPLITS:
        chosen = [entry for entry in entries if entry.split == split]
        if chosen:
            names = [entry.name for entry in chosen]
            files = [decoding.file_source(folder / x, x, options=sources.dicom) for x in names]
            parts[split] = conversion.Part(files, [classes.index(entry.label) for entry in chosen])
    try:
        stats = [os.stat(folder / entry.name) for entry in entries]
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from error
    listing = [(*e, s.st_size, s.st_mtime_ns) for e, s in zip(entries, stats, strict=True)]
    return _Listed(folder.resolve().name, str(folder), classes, parts, listing)


def _tfds(name: str, sources: Sources, *, download: bool) -> _Listed:
    found = tfds.contents(name, sources.tfds, download=download)
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
    parts = {split: conversion.Part(*columns) for split, columns in splits.items()}
    listing = [found.name, {split: (len(x.labels), x.labels) for split, x in parts.items()}]
    return _Listed(name.split("/")[0], f"tfds:{found.name}", found.classes, parts, listing)


def _converted(listed: _Listed, sources: Sources, request: Request) -> Read:
    """Returns the set with its pictures converted, or read from the cache."""
    name, source, classes, parts, listing = listed
    options, wanted = sources.convert, request.preparation
    everything = [source for part in parts.values() for source in part.sources]

    def make(folder: pathlib.Path) -> dict[str, Any]:
        channels = _channels(wanted, everything, options)
        whole = raw_pictures.complete(wanted, size=request.size, channels=channels, fit=options.fit)
        fitted = raw_pictures.fit(whole, parts["train"].sources, threads=options.threads)
        to_bytes = functools.partial(raw_pictures.prepare_picture, fitted)
        unreadable, digest, measured = conversion.convert(
            parts, folder=folder, to_bytes=to_bytes, threads=options.threads
        )
        if not options.skip_unreadable:
            setting = "data.convert.skip_unreadable=True"
            decoding.refuse(unreadable, total=len(everything), setting=setting)
        made = {"digest": digest, "left_out": unreadable, "raw": measured}
        return made | {"preparation": str(fitted)}

    settings = sources.asdict()
    settings["convert"].pop("threads")
    steps = wanted.listed()[:-1]  # the last one is applied to what the cache holds
    key = picture_cache.key_of(
        [request.size, classes, settings, os.path.abspath(source), listing, steps]
    )
    arrays, facts = picture_cache.arrays(key, make, root=request.cache)
    for place, reason in facts["left_out"]:
        _log.warning("data: skipped %s: %s", place, reason)
    _check_left(source, classes, {split: arrays[f"{split}_labels"] for split in parts})
    fitted = dataclasses.replace(parse_preparation(facts["preparation"]), last=wanted.last)
    info = _info(name, source, classes, facts)
    return Read(info, _splits(arrays, list(parts), request.limit), fitted)


def _info(
    name: str, source: str, classes: tuple[str, ...], facts: Mapping[str, Any]
) -> DatasetInfo:
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
        raw=facts["raw"],
    )


def _channels(
    wanted: Preparation, everything: Sequence[decoding.Source], options: ConvertOptions
) -> int | None:
    """Returns the number of channels of the images, or None if a step sets it."""
    if raw_pictures.sets_channels(wanted):
        return None
    if options.mode != "auto":
        return _CHANNELS[options.mode]
    channels, why = decoding.set_channels(everything, threads=options.threads)
    _log.info("data: all images become %s: %s", "grey" if channels == 1 else "RGB", why)
    return channels


def _splits(
    arrays: Mapping[str, np.memmap], names: Sequence[str], limit: int | None
) -> dict[str, Split]:
    """Returns the splits; images that take more than ``limit`` bytes stay on disk."""
    splits = {}
    for name in names:
        images = arrays[f"{name}_images"]
        if limit is None or images.nbytes <= limit:
            images = np.array(images)
        splits[name] = Split(images, np.array(arrays[f"{name}_labels"]))
    return splits


def _check_left(source: str, classes: tuple[str, ...], labels: Mapping[str, np.ndarray]) -> None:
    """Raises if too little of a set is readable."""
    if len(classes) < 2:
        raise UserError(f"{source} holds one class; needs two or more")
    for split, found in labels.items():
        if not len(found):
            raise UserError(f"{source} holds no readable images in {split}")
    counts = np.bincount(labels["train"], minlength=len(classes))
    if not counts.all():
        name = classes[int(np.argmin(counts))]
        raise UserError(f"{source}: class {name} has no readable image in train")
