"""A set of pictures before any is decoded: what to decode, with which labels, in which splits."""

import errno
import logging
import os
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax import store
from medjax.data import splitting
from medjax.data.medmnist import registry
from medjax.data.pictures import conversion, decoding, folders, tfds
from medjax.data.pictures.listing.entry import Entry
from medjax.data.pictures.options import Sources
from medjax.errors import UserError

_log = logging.getLogger("medjax")
SKIP = "data.convert.skip_unreadable=True"
"""The setting that skips unreadable files, for messages."""


class ListedSet(NamedTuple):
    """A set whose pictures are not decoded yet.

    Attributes:
      name: name of the set.
      source: where it lies.
      classes: its classes or findings.
      parts: what to decode, by split.
      listing: JSON that changes with the set.
      cut: see ``DatasetInfo.cut``.
      warnings: see ``DatasetInfo.warnings``.
      multi_label: whether an image may have several findings.
    """

    name: str
    source: str
    classes: tuple[str, ...]
    parts: dict[str, conversion.Part]
    listing: Any
    cut: str = ""
    warnings: tuple[str, ...] = ()
    multi_label: bool = False


def of_folder(path: str, sources: Sources) -> ListedSet:
    """Lists the set of ``folder:PATH``, and logs what may be wrong with it.

    Raises:
      UserError: if the folder cannot be read as a set, or no classifier can be trained on it.
    """
    folder = store.expand_user(path)
    listing = folders.entries(folder, sources.folder, sources.cut)
    entries, findings = listing.entries, listing.findings
    for line in listing.warnings:
        _log.warning("data: %s", line)
    folders.check_classes(str(folder), listing)
    classes = findings or folders.classes_of(entries)
    numbers = {name: number for number, name in enumerate(classes)}
    patients, parts = _patients(entries), {}
    for split in registry.SPLITS:
        chosen = [entry for entry in entries if entry.split == split]
        if chosen:
            names = [entry.name for entry in chosen]
            how = {"options": sources.dicom, "slices": sources.nifti}
            files = [decoding.file_source(folder / name, name, **how) for name in names]
            labels = [entry.label if findings else numbers[entry.label] for entry in chosen]
            known = [patients[entry.group] for entry in chosen if patients]
            parts[split] = conversion.Part(files, labels, known)
    skip = sources.convert.skip_unreadable
    files = [(*entry, *_stat(folder / entry.name, skip=skip)) for entry in entries]
    return ListedSet(
        name=folder.resolve().name,
        source=str(folder),
        classes=classes,
        parts=parts,
        listing=files,
        cut=listing.cut,
        warnings=listing.warnings,
        multi_label=bool(findings),
    )


def _patients(entries: Sequence[Entry]) -> dict[str, int]:
    """Numbers the patients of a set; none if each file is its own group."""
    if all(entry.group == entry.name for entry in entries):
        return {}
    groups = sorted({entry.group for entry in entries})
    return {group: number for number, group in enumerate(groups)}


def _stat(file: pathlib.Path, *, skip: bool) -> tuple[int, ...]:
    """Returns the size and the times of a file; nothing for a link that leads nowhere, to skip.

    The time of change is set by the system, also where a copy keeps the time of modification. On
    Windows it is the time of creation.
    """
    try:
        found = os.stat(file)
    except OSError as error:
        nowhere = error.errno in (errno.ENOENT, errno.ELOOP)
        if nowhere and skip:
            return ()
        advice = f"; fix or remove it, or skip it with {SKIP}" if nowhere else ""
        raise UserError(f"cannot read {error.filename}: {error.strerror}{advice}") from error
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def of_tfds(name: str, sources: Sources, *, download: bool) -> ListedSet:
    """Lists the set of ``tfds:NAME``, and downloads it if it is missing and may be.

    Raises:
      UserError: if the set cannot be prepared or read.
    """
    found = tfds.contents(name, sources.tfds, download=download)
    splits, cut = found.splits, ""
    if list(splits) == ["train"]:
        cut = "file"
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
    return ListedSet(name.split("/")[0], f"tfds:{found.name}", found.classes, parts, listing, cut)
