r"""Merges the bundles of several sites into one set.

Each site's images stay normalised by the site's own statistics. Site :math:`i` with
:math:`n_i` real training images has mean :math:`\mu_i` and standard deviation :math:`\sigma_i` in
each channel. Those of all real training images together are

.. math::
    \mu = \sum_i w_i \mu_i, \qquad \sigma^2 = \sum_i w_i (\sigma_i^2 + (\mu_i - \mu)^2),
    \qquad w_i = n_i / \sum_j n_j.

A pixel :math:`x` of site :math:`i` becomes :math:`\sigma (x - \mu_i) / \sigma_i + \mu`, so the
merged statistics normalise it to what its own site's did.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax import data
from medjax.data.class_names import plain, same_form
from medjax.errors import UserError, some
from medjax.share import archive
from medjax.share.bundle import card as cards
from medjax.share.bundle.contents import entries
from medjax.share.bundle.reading import Bundle, read_bundle
from medjax.store import expand_user

_LISTED = 10
_SEVERAL = "several"


def merge(
    paths: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    title: str = "",
    key: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Writes one bundle with the images of several, in the order given.

    Labels are matched by the names of the classes, which take the order of the first bundle. The
    statistics and the marks of every part stay on the card; it has no scores, because nobody has
    trained on the whole yet.

    Args:
      paths: at least two bundles, or folders that they were unpacked to.
      out: the file; an existing bundle is replaced, but none of ``paths``.
      title: what the merged bundle is called; empty for the number of its parts.
      key: the file of the private key that signs it; ``None`` to leave it unsigned.

    Returns:
      The content of its ``card.json``.

    Raises:
      UserError: if a bundle is damaged, two hold the same images, or they differ in size, channels,
        preparation, task, classes or kind of labels, or are whitened.

    Example:
      >>> merge(["site_a.zip"], "all.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: at least two bundles can be merged, got 1

    Reinhard et al., "Color Transfer between Images", 2001.
    """
    if len(paths) < 2:
        raise UserError(f"at least two bundles can be merged, got {len(paths)}")
    out = expand_user(out)
    cards.check_line("title", title)
    if out.resolve() in (expand_user(path).resolve() for path in paths):
        raise UserError(f"{out} is one of the bundles to merge; choose another file")
    parts = [read_bundle(path) for path in paths]
    for path, part in zip(paths[1:], parts[1:], strict=True):
        _check_alike(str(paths[0]), parts[0], str(path), part)
    _check_once(paths, parts)
    shared, card = merged(parts, title=title)
    archive.write(out, entries(shared, card), key=key)
    return card


def merged(parts: Sequence[Bundle], *, title: str = "") -> tuple[data.SharedSet, dict[str, Any]]:
    """Returns the set and the card of bundles that fit together.

    Args:
      parts: the bundles, which ``merge`` has compared.
      title: see ``merge``.
    """
    mean, std = pooled([(p.shared.mean, p.shared.std, _train(p)) for p in parts])
    images = [_moved(part.shared, mean, std) for part in parts]
    steps = {None if p.shared.step_size is None else float(p.shared.step_size) for p in parts}
    shared = data.SharedSet(
        np.concatenate(images),
        np.concatenate([_labels(part, parts[0].classes) for part in parts]),
        mean,
        std,
        step_size=parts[0].shared.step_size if len(steps) == 1 else None,
        preparation=parts[0].shared.preparation,
    )
    return shared, _card(parts, shared, title)


def pooled(
    stats: Sequence[tuple[np.ndarray, np.ndarray, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the standard deviation of several sets of pixels together.

    Args:
      stats: of each set its mean and standard deviation, float ``[c]``, and its number of images,
        which all have as many pixels.

    Returns:
      ``(mean, std)``, each float32 ``[c]``.

    Example:
      >>> mean, std = pooled([(np.zeros(1), np.ones(1), 1), (np.full(1, 2.0), np.ones(1), 1)])
      >>> print(mean, std)
      [1.] [1.4142135]
    """
    weights = np.array([count for *_, count in stats], np.float64)
    weights = (weights / weights.sum())[:, None]
    means = np.stack([mean for mean, _, _ in stats]).astype(np.float64)
    stds = np.stack([std for _, std, _ in stats]).astype(np.float64)
    mean = (weights * means).sum(axis=0)
    # As the mean of the squares within plus that between, no large terms cancel.
    variance = (weights * (stds**2 + (means - mean) ** 2)).sum(axis=0)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)


def _check_alike(first: str, a: Bundle, other: str, b: Bundle) -> None:
    """Refuses two bundles that do not fit together, with the first thing that differs."""
    images = (a.card["images"], b.card["images"])
    sizes = ["{height}×{width}×{channels}".format(**x) for x in images]
    pairs = {
        "sizes of images": sizes,
        "preparations": [x.card["data"]["preparation"] for x in (a, b)],
        "tasks": [x.card["data"]["task"] for x in (a, b)],
        "kinds of labels": [x["labels"] for x in images],
    }
    for what, (ours, theirs) in pairs.items():
        if ours != theirs:
            raise UserError(f"{first} and {other} have different {what}: {ours} and {theirs}")
    for path, one in zip((first, other), images, strict=True):
        if one["whitened"]:
            raise UserError(f"{path} is whitened by its own matrix, which another set cannot share")
    names = [[_same(name) for name in x.classes] for x in (a, b)]
    for path, one in zip((first, other), names, strict=True):
        if len(set(one)) < len(one):
            raise UserError(f"{path} has two classes whose names differ in case or spaces alone")
    if set(names[0]) != set(names[1]):
        listed = [some(x.classes, most=_LISTED) for x in (a, b)]
        raise UserError(
            f"{first} and {other} have different classes: {listed[0]} and {listed[1]}; a class "
            "is one by its name, so each site has to call it alike"
        )


def _check_once(paths: Sequence[str | os.PathLike[str]], parts: Sequence[Bundle]) -> None:
    """Refuses the same images twice, and a part that a merged bundle has already."""
    first: dict[Any, tuple[int, bool]] = {}
    for number, part in enumerate(parts):
        is_merged = bool(part.card["merged_from"])
        images = hashlib.sha256(np.ascontiguousarray(part.shared.images)).digest()
        for key in (images, *map(str, _described(part.card))):
            other, was_merged = first.setdefault(key, (number, is_merged))
            # Two bundles of one site may be described alike; merging moves the pixels of a part.
            if other != number and (key is images or is_merged or was_merged):
                raise UserError(
                    f"{paths[other]} and {paths[number]} hold the same images; name each part once"
                )


def _same(name: str) -> str:
    return plain(same_form(name))


def _train(part: Bundle) -> int:
    return int(part.card["data"]["counts"]["train"])


def _moved(shared: data.SharedSet, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Returns images that other statistics normalise to what their own normalise them to."""
    normalised = (shared.images.astype(np.float64) - shared.mean) / shared.std
    return (normalised * std + mean).astype(np.float32)


def _labels(part: Bundle, classes: Sequence[str]) -> np.ndarray:
    """Returns the labels of a part, or the columns of its label rows, in the order of classes."""
    order = {_same(name): place for place, name in enumerate(classes)}
    places = [order[_same(name)] for name in part.classes]
    labels = part.shared.labels
    if labels.ndim == 1:
        return np.asarray(places, labels.dtype)[labels]
    return labels[:, np.argsort(places)]


def _card(parts: Sequence[Bundle], shared: data.SharedSet, title: str) -> dict[str, Any]:
    found = [part.card for part in parts]
    methods = [card["method"] for card in found]
    unknown = dict.fromkeys(("ipc", "iterations", "selected_step"))
    return {
        **found[0],
        "title": title or f"{len(parts)} sets of distilled images, merged",
        "method": {
            "name": _one([method["name"] for method in methods], _SEVERAL),
            **unknown,
            "start": _one([method["start"] for method in methods], _SEVERAL),
            "labels": methods[0]["labels"],
        },
        "data": _data([card["data"] for card in found]),
        "images": cards.describe_images(shared, multi_label=parts[0].multi_label),
        "scores": None,
        "privacy": _privacy(found),
        "merged_from": [part for card in found for part in _described(card)],
    }


def _data(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    licences = dict.fromkeys(facts["licence"] or "not stated" for facts in found)
    splits = found[0]["counts"]
    return {
        **found[0],
        "name": _one([facts["name"] for facts in found], None),
        "size": _one([facts["size"] for facts in found], None),
        "licence": "; ".join(licences),
        "digest": None,
        "counts": {name: sum(facts["counts"][name] for facts in found) for name in splits},
    }


def _privacy(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns what is known of the privacy of all parts: each mark and each audit, by its part."""
    parts = [card["privacy"] for card in found]
    titles = [card["title"] for card in found]
    names = [
        f"{title}{f' (part {number})' * (titles.count(title) > 1)}"
        for number, title in enumerate(titles, 1)
    ]
    named = list(zip(names, parts, strict=True))
    said = [f"{name}: {part['audit']['verdict']}" for name, part in named if part["audit"]]
    if said and len(said) < len(found):
        said.append(f"Of {len(found) - len(said)} of its {len(found)} parts no audit was done.")
    return {
        "real_start": any(part["real_start"] for part in parts),
        "marks": [f"{name}: {mark}" for name, part in named for mark in part["marks"]],
        "audit": {"verdict": " ".join(said), "scores": None} if said else None,
        "differential_privacy": False,
    }


def _described(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns what a merged card says of a part, or of the parts of a part."""
    if card["merged_from"]:
        return list(card["merged_from"])
    return [
        {
            "title": card["title"],
            "method": card["method"]["name"],
            "start": card["method"]["start"],
            "count": card["images"]["count"],
            "train": card["data"]["counts"]["train"],
            "mean": card["images"]["mean"],
            "std": card["images"]["std"],
        }
    ]


def _one(values: Sequence[Any], otherwise: Any) -> Any:
    """Returns the value that all have, or another one."""
    return values[0] if all(value == values[0] for value in values) else otherwise
