"""What a card says, in plain words; anybody may have written it, and any part may be missing."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from medjax.errors import some

_LONGEST = 500  # characters of a line
_WIDE, _LISTED = 400, 20
_GREATEST = 10**15  # no count of images is greater; Python refuses to print numbers without end
_METRICS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}
_SILENT = "privacy: the card says nothing of it"


def card_lines(card: Any) -> list[str]:
    """Returns what a card says, a line each: what, from which data, how good, and of privacy.

    Args:
      card: the content of ``card.json``, of any form.

    Returns:
      Lines of at most 500 characters, in which control characters are still to be escaped.

    Example:
      >>> card = {"title": "Cells", "method": {"name": "dm", "ipc": 10, "start": "noise"}}
      >>> print(*card_lines(card), sep="\\n")
      what: Cells
      method: dm, 10 images per class, started from noise
      privacy: the card says nothing of it
    """
    lines = [*_what(card), *_data(card), *_scores(card), *_privacy(card)]
    return [line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in lines]


def _what(card: Any) -> Iterator[str]:
    yield from _line("what", _at(card, "title"))
    name, ipc, start = (_at(card, f"method.{key}") for key in ("name", "ipc", "start"))
    group = "finding" if _at(card, "images.labels") == "rows" else "class"
    per_class = None if ipc is None else f"{_listed(ipc)} images per {group}"
    yield from _line("method", name, per_class, start and f"started from {start}")
    if parts := _listing(_at(card, "merged_from")):
        yield from _line("merged from", some(map(_part, parts), most=_LISTED, between="; "))
    sides = [_at(card, f"images.{key}") for key in ("count", "height", "width", "channels")]
    if None not in sides:
        count, height, width, channels = map(_text, sides)
        plural = "" if channels == "1" else "s"
        yield f"images: {count} of {height}×{width} pixels, {channels} channel{plural}"


def _part(part: Any) -> str:
    count, train = _text(_at(part, "count")), _text(_at(part, "train"))
    return f"{_name(_at(part, 'title'))} ({count} images made from {train})"


def _data(card: Any) -> Iterator[str]:
    if not isinstance(_at(card, "data"), Mapping):
        return
    train = _at(card, "data.counts.train")
    parts = _listing(_at(card, "merged_from"))
    own = f"images of {len(parts):,} parts" if parts else "images of the site"
    licence = _at(card, "data.licence")
    yield from _line(
        "made from",
        _at(card, "data.name") or own,
        train and f"{_text(train)} training images",
        licence and f"licence: {licence}",
    )
    if classes := _listing(_at(card, "data.classes")):
        kind = "class" if len(classes) == 1 else "classes"
        yield from _line(f"{len(classes):,} {kind}", some(map(_name, classes), most=_LISTED))


def _name(name: Any) -> str:
    """Returns a name, as JSON if it holds what stands between names."""
    text = _text(name)
    return json.dumps(text, ensure_ascii=False) if {*',;"()'} & {*text} else text


def _scores(card: Any) -> Iterator[str]:
    """Yields the scores of the set on the sender's test images, and those of the whole data."""
    for name, place in (("scores on test", "set"), ("whole data", "baselines.whole")):
        scores = _at(card, f"scores.{place}")
        found = [_score(_METRICS[key], _at(scores, key)) for key in _METRICS if _at(scores, key)]
        yield from _line(name, *found)


def _score(metric: str, score: Any) -> str:
    mean, std, n = (_at(score, key) for key in ("mean", "std", "n"))
    if n == 1:  # has no spread
        return f"{metric} {_text(mean)} (1 network)"
    return f"{metric} {_text(mean)} ± {_text(std)} ({_text(n)} networks)"


def _privacy(card: Any) -> Iterator[str]:
    privacy = _at(card, "privacy")
    if not isinstance(privacy, Mapping):
        yield _SILENT
        return
    real = _at(privacy, "real_start")
    if real is not None:
        starts = [_at(part, "start") for part in _listing(_at(card, "merged_from"))]
        images = "some of the images" if real and "noise" in starts else "the images"
        yield f"privacy: {images} started from {'real images of patients' if real else 'noise'}"
    marks = _listing(_at(privacy, "marks"))
    for mark in marks[:_LISTED]:
        yield from _line("privacy", mark)
    if len(marks) > _LISTED:
        yield f"privacy: {len(marks) - _LISTED:,} more sentences in privacy.marks of the card"
    verdict = _at(privacy, "audit.verdict") or ""
    # The limits of an audit stand at the end of its verdict.
    for part in _wrapped(_text(verdict, most=_WIDE * _LISTED).strip() or "none"):
        yield from _line("privacy: audit", part)
    yield "privacy: no guarantee of differential privacy"


def _wrapped(text: str) -> Iterator[str]:
    """Yields a text in parts of at most ``_WIDE`` characters, of whole sentences where they fit."""
    part = ""
    for sentence in re.split(r"(?<=\.) ", text):
        if part and len(part) + len(sentence) >= _WIDE:
            yield from textwrap.wrap(part, _WIDE)
            part = ""
        part = f"{part} {sentence}".strip()
    yield from textwrap.wrap(part, _WIDE)


def _line(title: str, *parts: Any) -> Iterator[str]:
    """Yields a line of the parts that are there, if any is."""
    found = [_text(part) for part in parts if part is not None and part != ""]
    if found:
        yield f"{title}: {', '.join(found)}"


def _at(value: Any, place: str) -> Any:
    """Returns what stands at a dotted place of nested dicts; ``None`` where nothing does."""
    for key in place.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _listed(value: Any) -> str:
    return some(map(_text, value), most=_LISTED) if isinstance(value, list) else _text(value)


def _text(value: Any, *, most: int = _LONGEST) -> str:
    """Returns a number rounded to four digits, a text as it is, and nothing for other values."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return value[:most]
    is_count = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _GREATEST
    return str(value) if is_count else "?"
