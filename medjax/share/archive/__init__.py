"""The file of a bundle: written deterministically, and read with every byte checked."""

from medjax.share.archive.reading import lists, read
from medjax.share.archive.writing import check_replaceable, write

__all__ = ["check_replaceable", "lists", "read", "write"]
