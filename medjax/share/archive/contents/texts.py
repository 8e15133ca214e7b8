"""Checks texts and JSON: printable UTF-8, of bounded length and depth."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from medjax.share.archive.refused import RefusedError

MOST_TEXT = 2**24
"""The most bytes of a text."""
MOST_JSON = 2**22
"""The most bytes of a JSON file, which takes up to thirty times as many when it is parsed."""
_DEEPEST = 64
_DIGITS = 19  # of an integer of 64 bits
_HALVES = re.compile("[\ud800-\udfff]")
_ENDS = "\t\n\r"


def check_text(data: bytes) -> int:
    """Checks a text, see ``parse_text``; returns its bytes."""
    parse_text(data)
    return len(data)


def check_json(data: bytes) -> int:
    """Checks a JSON file, see ``parse_json``; returns its bytes."""
    parse_json(data)
    return len(data)


def parse_text(data: bytes) -> str:
    """Returns a text without control characters, such as a terminal obeys.

    Args:
      data: the text in UTF-8.

    Raises:
      RefusedError: if it is too long, is not UTF-8, or has a control character.

    Example:
      >>> parse_text(b"red \\x1b[31m")
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: it has the control character '\\x1b'
    """
    if len(data) > MOST_TEXT:
        raise RefusedError(f"it has {len(data):,} bytes, more than {MOST_TEXT:,}")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise RefusedError("it is not UTF-8") from None
    for letter in sorted(set(text) - set(_ENDS)):
        if unicodedata.category(letter) == "Cc":
            raise RefusedError(f"it has the control character {letter!r}")
    return text


def parse_json(data: bytes) -> Any:
    """Returns the content of a JSON file.

    Args:
      data: the file.

    Raises:
      RefusedError: if it is too long or too deep, is no JSON, repeats a key, has half a character,
        or a number that is not finite or has too many digits.

    Example:
      >>> parse_json(b'{"ipc": 10}')
      {'ipc': 10}
      >>> parse_json(b"[" * 100_000)
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: it is nested deeper than 64 levels
    """
    if len(data) > MOST_JSON:
        raise RefusedError(f"it has {len(data):,} bytes, more than {MOST_JSON:,}")
    text = parse_text(data)
    try:
        found = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError:
        raise RefusedError("it is not JSON") from None
    _check_depth(found)
    if _HALVES.search(json.dumps(found, ensure_ascii=False)):
        raise RefusedError("it has half a character")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RefusedError("it has a key twice")
    return found


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise RefusedError(f"it has a number of {len(text):,} digits")
    return int(text)


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise RefusedError(f"it has the number {text[:_DIGITS]}, which is not finite")
    return float(text)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise _too_deep()


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> RefusedError:
    return RefusedError(f"it is nested deeper than {_DEEPEST} levels")
