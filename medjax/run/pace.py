"""The pace of a run: the length of its next call, and whether to save or stop first."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

_MINUTE = 60.0
CALL_SECONDS = 3.0
"""Seconds of a call and so until a signal is answered: a tenth of the usual grace period."""


class Decision(NamedTuple):
    """The decision after a call.

    Attributes:
      iterations: the number of iterations of the next call.
      save: whether to write a checkpoint.
      stop: whether to end the run, after saving.
    """

    iterations: int
    save: bool
    stop: bool


def agreed(decisions: np.ndarray) -> Decision:
    """Merges the decisions of all processes: the first decides, but any may stop all.

    Args:
      decisions: int ``[processes, 3]``, one ``Decision`` per row.

    Example:
      >>> agreed(np.array([[4, 0, 0], [7, 1, 1]]))
      Decision(iterations=4, save=True, stop=True)
    """
    iterations, save, _ = decisions[0].tolist()
    stop = bool(decisions[:, 2].any())
    return Decision(iterations, bool(save) or stop, stop)


class Pace:
    """The schedule of a run: calls short enough to answer a signal soon, and saves by the clock.

    It changes no result, because an iteration does not depend on its call. Only ``decide`` reads
    the clock; the processes of a run must agree on its decisions.

    Args:
      total: iterations of the whole run.
      report_every: a call ends at the multiples of each of these.
      save_every: a checkpoint is due at the multiples of each of these.
      save_minutes: minutes after the last checkpoint when another is due; ``None`` for never.
      call_seconds: seconds that a call may take; it always runs at least one iteration.
      clock: returns seconds.

    Example:
      >>> pace = Pace(
      ...     total=100, report_every=[20], save_every=[50], save_minutes=None, call_seconds=2.0
      ... )
      >>> pace.decide(1, iterations=1, seconds=0.5, stop=False)
      Decision(iterations=4, save=False, stop=False)
      >>> pace.decide(50, iterations=4, seconds=2.0, stop=False)
      Decision(iterations=4, save=True, stop=False)
    """

    def __init__(
        self,
        *,
        total: int,
        report_every: Sequence[int],
        save_every: Sequence[int],
        save_minutes: float | None,
        call_seconds: float = CALL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total, self._report_every, self._save_every = total, report_every, save_every
        self._save_seconds = None if save_minutes is None else save_minutes * _MINUTE
        self._call_seconds, self._clock = call_seconds, clock
        self._saved_at = clock()

    def decide(self, step: int, *, iterations: int, seconds: float, stop: bool) -> Decision:
        """Decides after each call; a decision to stop is also one to save.

        Args:
          step: iterations done in all.
          iterations: iterations of the call that ended.
          seconds: duration of that call.
          stop: whether this process was asked to end.
        """
        now = self._clock()
        save = stop or step == self._total or any(step % n == 0 for n in self._save_every)
        if self._save_seconds is not None:
            save = save or now - self._saved_at >= self._save_seconds
        if save:
            self._saved_at = now
        ends = (n - step % n for n in (*self._report_every, *self._save_every))
        wanted = int(iterations * self._call_seconds / max(seconds, 1e-9))
        return Decision(max(1, min(wanted, self._total - step, *ends)), save, stop)
