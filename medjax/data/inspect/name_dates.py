"""Words of the names of files, in which a date is one word."""

import re
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_SUFFIX = re.compile(r"(\.nii)?\.[a-z]\w{0,5}$", re.I)  # not the last number of a DICOM UID
_YEAR, _MONTH, _DAY = r"(?:19\d\d|20[0-4]\d)", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SHORT_MONTH, _SHORT_DAY = rf"(?:{_MONTH}|[1-9])", rf"(?:{_DAY}|[1-9])"  # between signs alone
_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_LEAST = len("2023-01")
_HOUR, _SIXTY = r"(?:[01]\d|2[0-3])", r"[0-5]\d"
_SOME_YEAR = re.compile(_YEAR)
_DATE = re.compile(
    rf"""(?<!\d)
    (?: {_YEAR}{_MONTH}{_DAY}
      | {_YEAR}(?P<a>[-_.\ ]){_SHORT_MONTH}(?P=a){_SHORT_DAY}
      | {_SHORT_DAY}(?P<b>[-_.\ ]){_SHORT_MONTH}(?P=b){_YEAR}
      | {_SHORT_MONTH}(?P<c>[-_.\ ]){_SHORT_DAY}(?P=c){_YEAR}
      | {_YEAR}[-.\ ]?{_NAME}[-.\ ]?{_SHORT_DAY}
      | {_SHORT_DAY}[-.\ ]?{_NAME}[-.\ ]?{_YEAR}
      | {_YEAR}[-.]{_MONTH}
    )
    (?P<time> [T_.\ -]*{_HOUR}{_SIXTY}{_SIXTY}(?:\d{{3}})?
      | [T_.\ -]*{_HOUR}(?P<d>[-_.:\ ]){_SIXTY}(?P=d){_SIXTY}
      | T{_HOUR}[-_.:]?{_SIXTY}
    )?
    (?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)


class Name(NamedTuple):
    """The name of a file in parts.

    Attributes:
      folders: the folders of the file, outermost first.
      words: the words and dates of its name, without its suffix.
    """

    folders: tuple[str, ...]
    words: tuple[str, ...]


def parts(name: str) -> Name:
    """Returns the folders and the words of the name of a file.

    Args:
      name: a path with forward slashes.

    Example:
      >>> parts("sick/p01_left.nii.gz")
      Name(folders=('sick',), words=('p01', 'left'))
    """
    *folders, file = name.split("/")
    return Name(tuple(folders), split_words(_SUFFIX.sub("", file)))


def last(folders: tuple[str, ...], depth: int) -> tuple[str, ...]:
    """Returns the last folders of a name, or all if there are fewer.

    Example:
      >>> last(("train", "sick"), 1), last(("train", "sick"), 3)
      (('sick',), ('train', 'sick'))
    """
    return folders[max(len(folders) - depth, 0) :]


def split_words(stem: str) -> tuple[str, ...]:
    """Returns the words and numbers of a file's name, in which a date with its time is one word.

    Args:
      stem: the name without its suffix.

    Example:
      >>> split_words("p01_left"), split_words("scan-2023-01-31 (2)")
      (('p01', 'left'), ('scan', '2023-01-31', '2'))
    """
    words, done = [], 0
    if not _SOME_YEAR.search(stem):  # most names, and much faster
        return tuple(_WORD.findall(stem))
    for date in _DATE.finditer(stem):
        words += [*_WORD.findall(stem[done : date.start()]), date[0]]
        done = date.end()
    return (*words, *_WORD.findall(stem[done:]))


def is_date(word: str) -> bool:
    """Returns whether a word is a date, perhaps with a time.

    Example:
      >>> is_date("20230131"), is_date("31.01.2023"), is_date("20231301"), is_date("1016042")
      (True, True, False, False)
    """
    return len(word) >= _LEAST and _DATE.fullmatch(word) is not None


def is_day(word: str) -> bool:
    """Returns whether a word is a date without a time: a day, or a month.

    Example:
      >>> is_day("20230131"), is_day("20230131_120000")
      (True, False)
    """
    return is_date(word) and _DATE.fullmatch(word)["time"] is None
