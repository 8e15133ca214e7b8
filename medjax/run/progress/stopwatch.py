"""The seconds of the parts of a run, and of compiling."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jax.monitoring

PARTS = ("distill", "select", "evaluate", "baselines")
"""Setting up and distilling; scoring on val; scoring the results; the baselines."""
# What XLA takes, or reading what it made before from the cache.
_COMPILING = "/jax/core/compile/backend_compile_duration"


class Stopwatch(contextlib.AbstractContextManager["Stopwatch"]):
    """Divides the seconds of a run among its parts, one of which runs at any time.

    The first part runs until another one interrupts it. The seconds of a part do not count in the
    part that it interrupts.

    Example:
      >>> with Stopwatch() as stopwatch:
      ...     with stopwatch.part("select"):
      ...         time.sleep(0.1)
      >>> found = stopwatch.seconds()
      >>> found["select_s"] >= 0.1 > found["distill_s"]
      True
      >>> [*found]
      ['distill_s', 'select_s', 'evaluate_s', 'baselines_s', 'total_s', 'compile_s']
    """

    def __init__(self) -> None:
        self._part, self._since = PARTS[0], time.perf_counter()
        self._seconds: Counter[str] = Counter()
        self._compiling = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Counts the seconds of a block in one of ``PARTS``."""
        interrupted = self._part
        self._switch_to(name)
        try:
            yield
        finally:
            self._switch_to(interrupted)

    def seconds(self) -> dict[str, float]:
        """Returns the seconds until now.

        Returns:
          ``{"distill_s", "select_s", "evaluate_s", "baselines_s", "total_s", "compile_s"}``.
          ``total_s`` is the sum of the first four. ``compile_s``, the seconds of compiling, is
          a share of them.
        """
        self._switch_to(self._part)
        parts = {f"{name}_s": float(self._seconds[name]) for name in PARTS}
        return {**parts, "total_s": sum(parts.values()), "compile_s": self._compiling}

    def __exit__(self, *exception: object) -> None:
        jax.monitoring.unregister_event_duration_listener(self._listen)

    def _switch_to(self, part: str) -> None:
        now = time.perf_counter()
        self._seconds[self._part] += now - self._since
        self._part, self._since = part, now

    def _listen(self, event: str, seconds: float, **_: Any) -> None:
        if event == _COMPILING:
            self._compiling += seconds
