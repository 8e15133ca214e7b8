"""Core-sets: real images that represent their class."""

from medjax.coreset.class_rows import at_most
from medjax.coreset.herding import herding
from medjax.coreset.k_center import k_center
from medjax.coreset.random_subset import random_subset
from medjax.coreset.selection import SELECTIONS, select_rows

__all__ = [
    "SELECTIONS",
    "at_most",
    "herding",
    "k_center",
    "random_subset",
    "select_rows",
]
