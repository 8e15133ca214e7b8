"""What a baseline computes once and a cache can keep."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np


class Made(NamedTuple):
    """Something that was computed and can be kept.

    Attributes:
      facts: JSON.
      arrays: numpy arrays by name.
    """

    facts: dict[str, Any]
    arrays: Mapping[str, np.ndarray] = {}


Keep = Callable[[Mapping[str, Any], Callable[[], Made]], Made]
"""``(content, make)``: returns what was made before for equal ``content`` (JSON), or makes it."""
