"""The config of a run: the settings of the reference, of ``quick`` and of the words after it."""

from medjax.run.config.making import defaults, make
from medjax.run.config.words import Word, split_words

__all__ = ["Word", "defaults", "make", "split_words"]
