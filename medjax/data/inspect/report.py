"""Describes a data set, and warns of leakage, duplicates and missing classes."""

import collections
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data.dataset import DatasetInfo, Split
from medjax.data.inspect import measuring
from medjax.data.inspect.duplicates import HASH_BITS, Pair, Place, exact_groups, near_pairs
from medjax.errors import UserError, printable

_LISTED_PAIRS = 1000
_NONE = "no label"


def describe(
    info: DatasetInfo, splits: Mapping[str, Split], *, near: int | None = None
) -> dict[str, Any]:
    """Describes a data set.

    Args:
      info: task, class names and provenance.
      splits: ``train``, ``test`` and perhaps ``val``, as from ``data.read``; sizes may differ.
      near: the most bits, of 256, in which the hashes of near-duplicates differ; None finds exact
        copies only.

    Returns:
      A description, ready for JSON: the facts of ``info``; ``splits`` by name with ``images``,
      ``sizes``, ``dtypes``, ``intensity`` and ``classes``, and for converted images ``native``, the
      same for the raw files without padding; ``left_out``, the skipped files; ``duplicates``;
      ``near_duplicates`` if ``near`` is given; ``warnings``; and ``leakage``, whether any image is
      in two splits.

    Raises:
      UserError: if ``near`` is out of range.

    Example:
      >>> from medjax import data
      >>> found = describe(*data.read("phantom"))
      >>> found["splits"]["val"]["classes"]["nodules"], found["leakage"], found["warnings"]
      (100, False, [])
    """
    if near is not None and not 0 <= near < HASH_BITS // 2:
        raise UserError(f"near must be 0–{HASH_BITS // 2 - 1} bits, got {near}")
    images = {name: split.images for name, split in splits.items()}
    duplicates = _duplicates(exact_groups(images), splits)
    facts = {name: value for name, value in vars(info).items() if name != "raw"}
    found = facts | {
        "classes": list(info.classes),
        "left_out": [{"name": name, "reason": reason} for name, reason in info.left_out],
        "splits": {name: _of_split(info, name, split) for name, split in splits.items()},
        "duplicates": duplicates,
        "leakage": bool(duplicates["shared"]),
    }
    if near is not None:
        found["near_duplicates"] = _near(near_pairs(images, distance=near), near)
    return found | {"warnings": _warnings(found)}


def _of_split(info: DatasetInfo, name: str, split: Split) -> dict[str, Any]:
    tally = measuring.Tally()
    for image in split.images:
        tally.add(measuring.measure(image))
    found = tally.asdict() | {"classes": _class_counts(info.classes, split.labels)}
    return found | ({"native": info.raw[name]} if name in info.raw else {})


def _class_counts(classes: Sequence[str], labels: np.ndarray) -> dict[str, int]:
    """Counts the images of each class; for a multi-label set, with each label and with none."""
    if labels.ndim == 1:
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        return dict(zip(classes, counts, strict=True))
    counts = labels.sum(axis=0).tolist()
    return dict(zip(classes, counts, strict=True)) | {_NONE: int((~labels.any(axis=1)).sum())}


def _duplicates(groups: Sequence[Sequence[Place]], splits: Mapping[str, Split]) -> dict[str, Any]:
    """Counts copies within splits and across them, and copies whose labels differ."""
    repeated, shared, conflicts = dict.fromkeys(splits, 0), collections.Counter(), []
    for places in groups:
        held = collections.Counter(place.split for place in places)
        for name, count in held.items():
            repeated[name] += count - 1
        shared.update(f"{a}–{b}" for i, a in enumerate(held) for b in list(held)[i + 1 :])
        labels = {np.asarray(splits[place.split].labels[place.row]).tobytes() for place in places}
        if len(labels) > 1:
            conflicts.append([list(place) for place in places])
    listed = [[list(place) for place in places] for places in groups]
    found = {"repeated": repeated, "shared": dict(shared), "groups": listed}
    return found | {"label_conflicts": conflicts}


def _near(pairs: Sequence[Pair], distance: int) -> dict[str, Any]:
    counts = collections.Counter(f"{pair.one.split}–{pair.other.split}" for pair in pairs)
    return {
        "distance": distance,
        "bits": HASH_BITS,
        "pairs": dict(counts),
        "nearest": [[[*p.one], [*p.other], p.distance] for p in pairs[:_LISTED_PAIRS]],
    }


def _warnings(found: Mapping[str, Any]) -> list[str]:
    """Returns the warnings, one line each."""
    lines, duplicates = [], found["duplicates"]
    if found["official_digest"] not in (None, found["digest"]):
        lines.append("the file is not the published one: its digest differs")
    shared, repeated = duplicates["shared"].items(), duplicates["repeated"].items()
    lines += [f"leakage: {_images(count)} in both splits of {pair}" for pair, count in shared]
    lines += [f"{name} repeats {_images(count)} of its own" for name, count in repeated if count]
    if duplicates["label_conflicts"]:
        lines.append(f"{_images(len(duplicates['label_conflicts']))} with more than one label")
    for pair, count in found.get("near_duplicates", {}).get("pairs", {}).items():
        one, other = pair.split("–")
        if one != other:
            lines.append(f"perhaps leakage: {count:,} near-duplicate pairs in {pair}")
    for name, split in found["splits"].items():
        missing = [label for label, count in split["classes"].items() if not count]
        if missing := [label for label in missing if label != _NONE]:
            lines.append(f"{name} has no image of: {', '.join(missing)}")
    return lines


def _images(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"


def report_text(found: Mapping[str, Any]) -> str:
    """Formats a description for a terminal.

    Args:
      found: a description from ``describe``.

    Returns:
      Aligned text: the facts, a table with a column for each split, and the warnings.

    Example:
      >>> from medjax import data
      >>> print(report_text(describe(*data.read("phantom"))).splitlines()[0])
      phantom · multi-class · 4 classes
    """
    splits = found["splits"]
    lines = [f"{found['name']} · {found['task']} · {len(found['classes'])} classes"]
    official = found["official_digest"]
    same = "" if official is None else " (published)" if official == found["digest"] else ""
    facts = {name: found[name] for name in ("licence", "source", "digest")}
    facts["digest"] += same
    facts |= {"published": None if same else official, "augment": found["augment"]}
    lines += [f"{name:<9} {value}" for name, value in facts.items() if value]
    rows = [["", *splits], *_measured(splits, "")]
    if all("native" in split for split in splits.values()):
        rows += _measured({name: split["native"] for name, split in splits.items()}, "raw ")
    for label in next(iter(splits.values()))["classes"]:
        rows.append([label, *(f"{split['classes'][label]:,}" for split in splits.values())])
    repeated = found["duplicates"]["repeated"]
    rows.append(["repeated", *(f"{repeated[name]:,}" for name in splits)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    lines += ["", *("  ".join(row).rstrip() for row in cells), ""]
    shared = {"exact": found["duplicates"]["shared"]}
    if "near_duplicates" in found:
        near = found["near_duplicates"]
        shared[f"near (≤ {near['distance']} of {near['bits']} bits)"] = near["pairs"]
    for kind, counts in shared.items():
        listed = ", ".join(f"{pair} {count:,}" for pair, count in counts.items())
        what = "images in two splits" if kind == "exact" else "pairs"
        lines.append(f"{kind} duplicates, {what}: {listed or 'none'}")
    lines += [f"skipped: {file['name']} ({file['reason']})" for file in found["left_out"]]
    lines += [f"warning: {line}" for line in found["warnings"]]
    return "\n".join(map(printable, lines))


def _measured(splits: Mapping[str, Any], before: str) -> list[list[str]]:
    """Returns table rows of image counts, sizes, dtypes and intensities."""
    columns = [[before + name for name in ("images", "size", "dtype", *measuring.INTENSITY)]]
    for split in splits.values():
        column = [f"{split['images']:,}", _most(split["sizes"]), _most(split["dtypes"])]
        column += [f"{split['intensity'][name]:.4g}" for name in measuring.INTENSITY]
        columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


def _most(counts: Mapping[str, int]) -> str:
    """Returns the only value, or the most frequent one and the number of others."""
    first = next(iter(counts))
    return first if len(counts) == 1 else f"{first} and {len(counts) - 1} more"
