"""Core-sets: real images chosen to stand for their class."""

from medjax.coreset.choosing import at_most, herding, k_center, random_subset
from medjax.coreset.selection import SELECTIONS, select_rows

__all__ = [
    "SELECTIONS",
    "at_most",
    "herding",
    "k_center",
    "random_subset",
    "select_rows",
]
