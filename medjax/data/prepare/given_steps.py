"""What the steps that a user gave decide, so that nothing else needs to."""

from medjax.data.prepare.channels import Grayscale, Rgb
from medjax.data.prepare.depth import Depth
from medjax.data.prepare.preparation import Preparation
from medjax.data.prepare.windowing import PercentileClip, Window

OF_VALUES = (Window, PercentileClip)
"""The steps that set black and white in the units of the file."""
FIRST = (*OF_VALUES, Depth)
"""The steps that see raw values, and must come first."""


def sets_channels(preparation: Preparation) -> bool:
    """Returns whether a step makes pictures grey or RGB."""
    return any(isinstance(step, Grayscale | Rgb) for step in preparation.steps)


def sets_black_and_white(preparation: Preparation) -> bool:
    """Returns whether a step gives raw values a meaning, whatever their range."""
    return any(isinstance(step, FIRST) for step in preparation.steps)
