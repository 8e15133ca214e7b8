"""The progress of a run: a bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from typing import TextIO

from tqdm import tqdm

from medjax.run.progress.stages import Stages


class Progress(contextlib.AbstractContextManager["Progress"]):
    """The progress of a run of known length.

    Args:
      total: number of iterations of the whole run.
      done: number of iterations that a resumed run had done before.
      stream: the output, by default standard error; a terminal gets a bar, any other stream one
        line per ``update``.
      shown: whether to show anything; only one of several processes does.

    Example:
      >>> with Progress(100, done=0, stream=sys.stdout) as progress:
      ...     progress.note("starting from noise")
      starting from noise
    """

    def __init__(self, total: int, *, done: int, stream: TextIO | None = None, shown: bool = True):
        self._stream = stream or sys.stderr
        self._total, self._done = total, done
        self._matched, self._time = 0, time.perf_counter()
        self._shown, self._bar = shown, None
        self._parts = Stages(self._stream, shown=shown)
        if shown and self._stream.isatty():
            self._bar = tqdm(total=total, initial=done, file=self._stream, unit="it")

    def advance(self, step: int, *, real_images: int) -> None:
        """Moves the bar to a step; counts the real images matched since the last call."""
        if self._bar is not None:
            self._bar.update(step - self._done)
        self._done = step
        self._matched += real_images

    def update(self, *, loss: float) -> None:
        """Shows the mean matching loss since the last update, and the speed."""
        now = time.perf_counter()
        shown = [f"loss {loss:.4g}"]
        if self._matched:  # zero if a run resumes at a step with a line
            shown.append(f"{self._matched / max(now - self._time, 1e-9):,.0f} images/s")
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(shown))
        else:
            self.note("  ".join([f"step {self._done}/{self._total}", *shown]))
        self._matched, self._time = 0, now

    def watch(self, what: str, done: float) -> None:
        """Shows how much of a part without iterations is done, beside the bar if there is one."""
        if self._bar is None and done < 1:  # a line with the result follows
            self._parts.watch(what, done)
        elif self._bar is not None:
            self._bar.set_postfix_str(self._parts.text(what, done))

    def restart_clock(self) -> None:
        """Excludes the time since the last update, which was spent on other work."""
        self._time = time.perf_counter()

    def note(self, text: str) -> None:
        """Prints a permanent line, above the bar if there is one."""
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        elif self._shown:
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Closes the bar and leaves it on the terminal."""
        if self._bar is not None:
            self._bar.close()

    def __exit__(self, *exception: object) -> None:
        self.close()
