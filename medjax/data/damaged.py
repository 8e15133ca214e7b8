"""The exceptions that libraries raise for damaged files, turned into reasons."""

import collections
import contextlib
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence

from medjax.errors import some

LISTED = 3
"""How many files of one reason a message names."""

# Parsers of headers unpack, index and convert without checks.
PARSER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)
# numpy's parser of headers, zipfile and the decompressors.
NPZ_ERRORS = (
    *(OSError, EOFError, IndexError, KeyError, OverflowError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error, tokenize.TokenError),
    *(lzma.LZMAError, zipfile.BadZipFile, zlib.error),
)


class UndecodableError(ValueError):
    """A source gives no picture; the message is the reason in one line and quotes no data."""


def by_reason(files: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Returns the names of the files that have each reason.

    Args:
      files: the name of each file, and the reason why it gives no picture.

    Example:
      >>> by_reason([("a", "is empty"), ("b", "is cut short"), ("c", "is empty")])
      {'is empty': ['a', 'c'], 'is cut short': ['b']}
    """
    names = collections.defaultdict(list)
    for name, reason in files:
        names[reason].append(name)
    return dict(names)


def first_of(names: Sequence[str]) -> str:
    """Returns the first of several files for a message, and their number if there are several.

    Example:
      >>> first_of(["a"]), first_of("abcde")
      ('a', '5 files: a, b, c and 2 more')
    """
    return f"{len(names)} files: " * (len(names) > 1) + some(names, most=LISTED)


@contextlib.contextmanager
def decoding_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turns the exceptions of a library for a damaged file into an ``UndecodableError``.

    The message names the kind alone, because a library's text may quote a header with a patient's
    name. Own code stays outside the block, so that a bug in it keeps its traceback.

    Args:
      *kinds: the exceptions of the library; ``PARSER_ERRORS`` if none is given.
    """
    kinds = kinds or PARSER_ERRORS
    try:
        yield
    except (UndecodableError, OSError):  # they say more
        raise
    except kinds as error:
        raise UndecodableError(f"cannot be decoded ({type(error).__name__})") from error
