"""The config of a run: the settings of the reference, of ``quick`` and of the words after it."""

from medjax.run.config.making import defaults, make

__all__ = ["defaults", "make"]
