"""The file of a bundle: written deterministically, and read with every byte checked."""

from medjax.share.archive.reading import read
from medjax.share.archive.writing import write

__all__ = ["read", "write"]
