"""The words after the colon of a config: split at the commas between them."""

import ast
import os
import re
from typing import Any, NamedTuple

from medjax.data import is_path
from medjax.store import expand_user

_KEY = re.compile(r"\s*([^=,/\\:\"'\s]+)=")
_BRACKETS = {"(": 1, "[": 1, ")": -1, "]": -1}


class Word(NamedTuple):
    """One word: ``value`` alone, or ``key=value``.

    Attributes:
      key: the dotted key of a setting; None for a word alone.
      value: of a setting, a Python literal or else text; a word alone is text.
    """

    key: str | None
    value: Any


def split_words(text: str) -> list[Word]:
    """Splits at the commas outside brackets, quotes and the paths of files and folders.

    Args:
      text: such as ``breastmnist,quick,ipc=5``. A path that exists may hold commas and ``=``; one
        that does not exist yet needs quotes around it.

    Returns:
      The words in order.

    Example:
      >>> split_words("quick,ipc=5,'folder:scans, set=1'")
      [Word(key=None, value='quick'), Word(key='ipc', value=5), Word(key=None, \
value='folder:scans, set=1')]
    """
    words = []
    while text:
        end = _end_of_path(text) or _end_of_word(text)
        if word := text[:end].strip():
            words.append(_word(word))
        text = text[end + 1 :]
    return words


def _word(text: str) -> Word:
    found = _KEY.match(text)
    if found is None or (is_path(text) and _exists(text)):
        return Word(None, text[1:-1] if text[0] in "\"'" and text[0] == text[-1] else text)
    return Word(found[1], _literal(text[found.end() :]))


def _literal(text: str) -> Any:
    """Reads a Python literal, or else returns the text: ``10``, ``0.1``, ``True``, ``blood``."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _end_of_path(text: str) -> int:
    """Returns the end of the longest existing path that the text starts with; 0 for none.

    Only paths with commas count, because others end at the first comma anyway.
    """
    found = _KEY.match(text)
    start = found.end() if found else 0
    commas = [place.start() for place in re.finditer(",", text)]
    ends = [len(text), *reversed(commas[1:])]
    return next((end for end in ends if _exists(text[start:end])), 0)


def _exists(path: str) -> bool:
    return os.path.exists(expand_user(path.strip().removeprefix("folder:")))


def _end_of_word(text: str) -> int:
    """Returns the end of the first word; a bracket or quote that is never closed does not count."""
    first, depth, quote, before = len(text), 0, "", ""
    for place, letter in enumerate(text):
        if letter == ",":
            first = min(first, place)
            if not depth and not quote:
                return place
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and before in ("", "="):
            quote = letter
        else:
            depth = max(depth + _BRACKETS.get(letter, 0), 0)
        before = letter if letter != " " else before
    return first if depth or quote else len(text)
