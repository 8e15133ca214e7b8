"""Checkpoints of a run: saved in the background, checked when they are read."""

from medjax.run.checkpoint.checkpoints import Checkpoints

__all__ = ["Checkpoints"]
