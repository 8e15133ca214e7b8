"""Several seeds by one command, and the summary of what all of them show."""

from medjax.run.seeds.running import distill_seeds, seeds_of

__all__ = ["distill_seeds", "seeds_of"]
