"""What a user sees of a run in time: iterations, parts without them, and the seconds of each."""

from medjax.run.progress.bar import Progress
from medjax.run.progress.stages import Stages
from medjax.run.progress.stopwatch import PARTS, Stopwatch

__all__ = ["PARTS", "Progress", "Stages", "Stopwatch"]
