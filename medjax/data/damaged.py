"""What libraries raise for damaged files, turned into reasons."""

import contextlib
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator

# Parsers of headers unpack, index and convert what they read without checks.
PARSER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, struct.error, zlib.error),
)
NPZ_ERRORS = (
    *(*PARSER_ERRORS, OSError, MemoryError),
    *(lzma.LZMAError, tokenize.TokenError, zipfile.BadZipFile),
)


class UndecodableError(ValueError):
    """The reason why a source gives no picture: a line to follow its name, which quotes no data."""


@contextlib.contextmanager
def decoding_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turns what a library raises for a damaged file into an ``UndecodableError``.

    The message names the kind alone: a library's text may quote a header with a patient's name.
    Own code stays outside the block, so that a bug in it keeps its traceback.

    Args:
      *kinds: what the library raises; ``PARSER_ERRORS`` if none is given.
    """
    kinds = kinds or PARSER_ERRORS
    try:
        yield
    except (UndecodableError, OSError):  # which say more
        raise
    except kinds as error:
        raise UndecodableError(f"cannot be decoded ({type(error).__name__})") from error
