"""The progress of parts of a run without iterations: selecting, judging, each baseline."""

import sys
import time
from typing import TextIO

from tqdm import tqdm

# Seconds between two lines of a part on a stream that is no terminal.
_EVERY = 30.0
# Seconds below which a part has no line there.
_SHORT = 0.5


class Stages:
    """The progress of one part of a run after another.

    A terminal shows the part, its fraction done and the time left in one line that changes. Any
    other stream gets a line every half a minute. Both get a line with the seconds of a finished
    part; a part of less than half a second gets none on a stream.

    Args:
      stream: the output, by default standard error.
      shown: whether to show anything; only one of several processes does.

    Example:
      >>> stages = Stages(sys.stdout)
      >>> stages.watch("random images", 0.0)
      >>> time.sleep(1)
      >>> stages.watch("random images", 1.0)
      random images: done in 1 s
    """

    def __init__(self, stream: TextIO | None = None, *, shown: bool = True):
        self._stream, self._shown = stream or sys.stderr, shown
        self._start = self._told = time.perf_counter()

    def watch(self, what: str, done: float) -> None:
        """Shows that a fraction of a part is done; 0 starts its clock, 1 ends it."""
        text, now, terminal = self.text(what, done), time.perf_counter(), self._stream.isatty()
        if not self._shown or (done == 1 and not terminal and now - self._start < _SHORT):
            return
        if done == 1 or terminal or now - self._told >= _EVERY:
            self._line(text, end="\n" if done == 1 or not terminal else "")
            self._told = now

    def text(self, what: str, done: float) -> str:
        """Returns what is to be said of a part; 0 starts its clock.

        Example:
          >>> Stages().text("random images", 0.0)
          'random images: 0%'
        """
        now = time.perf_counter()
        if done == 0:
            self._start = self._told = now
        passed = now - self._start
        if done == 1:
            return f"{what}: done in {passed:.0f} s"
        return f"{what}: {done:.0%}" + (f", {passed * (1 / done - 1):.0f} s left" if done else "")

    def _line(self, text: str, *, end: str) -> None:
        clear = "\r\033[K" if self._stream.isatty() else ""
        tqdm.write(f"{clear}{text}", file=self._stream, end=end)
        self._stream.flush()
