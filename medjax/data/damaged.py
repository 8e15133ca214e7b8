"""The exceptions that libraries raise for damaged files, turned into reasons."""

import contextlib
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator

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
