"""The experts of a run: their training, and the file that keeps them for later runs."""

from medjax.run.experts.training import with_experts

__all__ = ["with_experts"]
