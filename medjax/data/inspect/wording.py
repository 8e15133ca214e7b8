"""The sentences on what is wrong with a data set."""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data.dataset import DatasetInfo, Split
from medjax.data.inspect.absent import absent_classes, absent_warning
from medjax.data.inspect.shortcuts import ACQUISITION, CHANCE
from medjax.data.inspect.unscored import why_unscored
from medjax.errors import printable

NO_LABEL = "no label"
"""The name of images of a multi-label set that have no label."""
_UNKNOWN = "unknown label"
_FACTS = {"padded": "padding", "coloured": "colour"}
STATED = 0.6
"""The area under the ROC curve from which a shortcut is named, if its interval is above chance."""
NOT_PUBLISHED = "the file is not the published one: its digest differs"


def patients(info: DatasetInfo) -> str:
    """Says how many patients a split has, and whether they stay whole; empty if nothing is known.

    A warning of the set says which are in several splits.

    Example:
      >>> from medjax import data
      >>> patients(data.load("phantom").info)
      ''
    """
    if not info.patients:
        by_file = "cut by file: images of one patient may be on both sides"
        return by_file if info.cut == "file" else ""
    held = {split: set(numbers) for split, numbers in info.patients.items()}
    counts = "/".join(f"{len(numbers):,}" for numbers in held.values())
    where = f"{counts} patients in {'/'.join(held)}"
    cut = sum(map(len, held.values())) - len(set().union(*held.values()))
    return where if cut else f"patients stay whole: {where}"


def warnings(info: DatasetInfo, splits: Mapping[str, Split], found: Mapping[str, Any]) -> list[str]:
    """Returns a line for each thing that may be wrong.

    Args:
      info: what the set is.
      splits: its splits.
      found: what ``check`` found.

    Returns:
      The lines, those of ``info`` first.
    """
    lines, duplicates = list(info.warnings), found["duplicates"]
    if info.official_digest not in (None, info.digest):
        lines.append(NOT_PUBLISHED)
    for pair, count in duplicates["shared"].items():
        lines.append(f"leakage: {images(count)} in both splits of {pair}")
    for name, count in duplicates["repeated"].items():
        lines += [f"{name} repeats {images(count)} of its own"] if count else []
    if conflicts := len(duplicates["label_conflicts"]):
        lines.append(f"{images(conflicts)} with more than one label")
    lines += _blank(info, splits, found["blank"])
    lines += _siblings(info, found["siblings"])
    lines += _shortcuts(found["made"])
    lines += [absent_warning(*lack) for lack in absent_classes(splits, info.classes).items()]
    scored = {name: split.labels for name, split in splits.items() if name != "train"}
    reasons = {name: why_unscored(info, name, labels) for name, labels in scored.items()}
    lines += [f"{name} cannot be scored: {reason}" for name, reason in reasons.items() if reason]
    return [printable(line) for line in lines]


def images(count: int) -> str:
    """Returns a number of images in words.

    Example:
      >>> images(1), images(1200)
      ('1 image', '1,200 images')
    """
    return f"{count:,} image{'' if count == 1 else 's'}"


def _blank(
    info: DatasetInfo, splits: Mapping[str, Split], places: Sequence[Sequence[Any]]
) -> list[str]:
    if not places:
        return []
    held = collections.Counter(
        f"{_class_of(info, splits[split].labels[row])} in {split}" for split, row, *_ in places
    )
    listed = ", ".join(f"{count:,} of {where}" for where, count in held.items())
    named = f", such as {places[0][2]}" if places[0][2:] else ""
    holds = "holds" if len(places) == 1 else "hold"
    return [f"{images(len(places))} {holds} a single value: {listed}{named}"]


def _class_of(info: DatasetInfo, label: np.ndarray) -> str:
    if label.ndim == 0:
        return info.classes[int(label)]
    held = " and ".join(info.classes[i] for i in np.flatnonzero(label == 1))
    return held or (NO_LABEL if (label == 0).all() else _UNKNOWN)


def _siblings(info: DatasetInfo, found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    (one, _, first), (other, _, second) = found["example"]
    way = "keep those of one patient or original in one split"
    if info.cut:
        way = "name the patients with data.folder.patients, or in data.folder.table, column patient"
    return [
        f"perhaps leakage: {found['files']:,} of {found['of']:,} files are named like a file in "
        f"another split, as {first} in {one} and {second} in {other}; if they show one patient, or "
        f"one is made from the other, {way}"
    ]


def _shortcuts(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    lines, most, told = [], "", found["told"]
    if told is not None and told["auroc"] >= STATED and told["low"] > CHANCE:
        most = max(told["by_fact"], key=told["by_fact"].get)
        facts = f"{', '.join(ACQUISITION[:-1])} and {ACQUISITION[-1]}"
        interval = f"{told['low']:.2f}–{told['high']:.2f}; chance {CHANCE}"
        lines.append(
            f"perhaps a shortcut: {facts} alone tell {told['class']} from the rest with AUROC "
            f"{told['auroc']:.2f} ({interval}), most of all {most} ({told['by_fact'][most]:.2f}); "
            "a network may learn these instead"
        )
    for trait, here in found["one_sided"].items():
        if _FACTS[trait] != most:
            count = f"{here['images']:,} of {here['of']:,} {trait} pictures"
            lines.append(f"perhaps a shortcut: {count} are of {here['class']}")
    return lines
