"""Data sets of a user's own pictures: folders of images, DICOM and NIfTI files, and TFDS."""

import collections
import dataclasses
import functools
import logging
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax.data.damaged import by_reason, first_of
from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist import registry
from medjax.data.npz import images as npz_images
from medjax.data.pictures import (
    colour_depth,
    conversion,
    decoding,
    dicom,
    listed_set,
    nifti,
    picture_cache,
    raw_pictures,
    remarks,
)
from medjax.data.pictures.conversion import ConvertOptions
from medjax.data.pictures.listed_set import ListedSet
from medjax.data.pictures.options import Sources
from medjax.data.pictures.picture import Picture
from medjax.data.prepare import given_steps
from medjax.data.prepare.parsing import parse_preparation
from medjax.data.prepare.preparation import Preparation
from medjax.errors import UserError
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL

_log = logging.getLogger("medjax")
FOLDER, TFDS = "folder:", "tfds:"
PREFIXES = (FOLDER, TFDS)
_EXAMPLES = {FOLDER: "folder:/path, or folder:. for this folder", TFDS: "tfds:malaria"}
_CHANNELS = {"grey": 1, "rgb": 3}


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


def read(name: str, sources: Sources, request: Request) -> Read:
    """Reads ``folder:PATH`` or ``tfds:NAME``, from the cache if the set has not changed.

    Raises:
      UserError: if networks cannot be trained on the set.
    """
    if request.size < 1:
        raise UserError(f"size must be at least 1, got {request.size}")
    conversion.check(sources.convert)
    dicom.check(sources.dicom)
    nifti.check(sources.nifti)
    for prefix, example in _EXAMPLES.items():
        if name.startswith(prefix) and not name.removeprefix(prefix).strip():
            raise UserError(f"{name!r} names nothing to read; write it as in {example}")
    if name.startswith(FOLDER):
        listed = listed_set.of_folder(name.removeprefix(FOLDER), sources)
    else:
        listed = listed_set.of_tfds(name.removeprefix(TFDS), sources, download=request.download)
    return _converted(listed, sources, request)


def _converted(listed: ListedSet, sources: Sources, request: Request) -> Read:
    """Returns the set with its pictures converted, or read from the cache."""
    source, classes, parts = listed.source, listed.classes, listed.parts
    wanted = request.preparation
    settings = sources.asdict()
    settings["convert"].pop("threads")
    steps = wanted.listed()[:-1]  # the last one is applied to what the cache holds
    key = picture_cache.key_of(
        [request.size, classes, settings, os.path.abspath(source), listed.listing, steps]
    )
    make = functools.partial(_make, parts, sources.convert, request)
    arrays, facts = picture_cache.arrays(key, make, root=request.cache)
    for reason, names in by_reason(facts["unreadable"]).items():
        _log.warning("data: skipped %s: %s (%s)", first_of(names), reason, listed_set.SKIP)
    _check_left(source, classes, {split: arrays[f"{split}_labels"] for split in parts})
    fitted = dataclasses.replace(parse_preparation(facts["preparation"]), last=wanted.last)
    remarks.log(facts, wanted=wanted, fitted=fitted)
    made = {split: np.array(arrays[f"{split}_made"]) for split in parts}
    info = _info(listed, facts, made, remarks.doubts(facts, wanted))
    return Read(info, _splits(arrays, list(parts), request.limit), fitted)


def _make(
    parts: Mapping[str, conversion.Part],
    options: ConvertOptions,
    request: Request,
    folder: pathlib.Path,
) -> dict[str, Any]:
    """Writes the arrays of a set into a folder, and returns the facts about them."""
    others = [x for split, part in parts.items() if split != "train" for x in part.sources]
    train = parts["train"].sources
    count = len(train) + len(others)
    _log.info("data: converts %d files, because the cache lacks them or they have changed", count)
    wanted, threads = request.preparation, options.threads
    own_channels = given_steps.sets_channels(wanted)
    seen = colour_depth.look(
        train,
        others=others,
        colours=options.mode == "auto" and not own_channels,
        depth=not given_steps.sets_black_and_white(wanted),
        threads=threads,
    )
    channels = None if own_channels else _CHANNELS.get(options.mode, seen.channels)
    how = {"size": request.size, "channels": channels, "fit": options.fit, "bits": seen.bits}
    whole = raw_pictures.complete(wanted, **how)
    fitted = raw_pictures.fit(whole, train, threads=threads)
    dim, noted = [], []

    def to_bytes(picture: Picture) -> np.ndarray:
        image = raw_pictures.prepare_picture(fitted, picture)
        if npz_images.is_dim([image]):
            dim.append(True)
        noted.extend(picture.remarks)
        return image

    done = conversion.convert(parts, folder=folder, to_bytes=to_bytes, threads=threads)
    if not options.skip_unreadable:
        decoding.refuse(done.unreadable, total=count, setting=listed_set.SKIP)
    counts = dict(sorted(collections.Counter(noted).items()))
    told = {"greyed": seen.greyed, "clipped": seen.clipped, "dim": len(dim), "remarks": counts}
    return done._asdict() | told | {"preparation": str(fitted)}


def _info(
    listed: ListedSet,
    facts: Mapping[str, Any],
    made: Mapping[str, np.ndarray],
    doubts: Sequence[str],
) -> DatasetInfo:
    single = BINARY_CLASS if len(listed.classes) == 2 else MULTI_CLASS
    return DatasetInfo(
        name=listed.name,
        task=MULTI_LABEL if listed.multi_label else single,
        classes=listed.classes,
        licence="unknown",
        source=listed.source,
        digest=facts["digest"],
        official_digest=None,
        augment=registry.FULL_AUGMENT,
        skipped=tuple((place, reason) for place, reason in facts["unreadable"]),
        raw=facts["raw"],
        cut=listed.cut,
        warnings=(*listed.warnings, *doubts),
        files={split: tuple(names) for split, names in facts["files"].items()},
        patients={split: tuple(numbers) for split, numbers in facts["patients"].items()},
        made=made,
    )


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
    train = labels["train"]
    counts = (train == 1).sum(0) if train.ndim == 2 else np.bincount(train, minlength=len(classes))
    if not counts.all():
        kind, name = "finding" if train.ndim == 2 else "class", classes[int(np.argmin(counts))]
        raise UserError(f"{source}: {kind} {name} has no readable image in train")
