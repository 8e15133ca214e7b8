"""Preemption: SIGTERM ends a run within seconds without loss of work."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

from medjax.errors import PreemptedError

STATUS = 128 + signal.SIGTERM  # a shell's status of a process ended by SIGTERM
_STDERR = 2
_ANYWHERE = "preempted; the same command resumes from the last checkpoint, if there is one"


class Preemption:
    """The answer of this process to SIGTERM, and whether it was asked to end.

    Inside the context SIGTERM ends the process at once, with status 143 and one line, even during
    a compiled program; a process with unsaved work defers that. Outside the context signals have
    their usual effect, and ``requested`` stays false.

    Example:
      >>> with Preemption() as preemption:
      ...     with preemption.deferred():
      ...         preemption.requested  # between two calls: if so, save and end
      False
    """

    def __init__(self):
        self.requested = False
        self._message: str | None = _ANYWHERE
        self._lock = threading.RLock()  # the handler may find its own thread holding it

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Makes SIGTERM only set ``requested`` inside, and raise ``PreemptedError`` on leaving."""
        with self._answering(None):
            yield
        if self.requested:
            raise PreemptedError(_ANYWHERE)

    @contextlib.contextmanager
    def allowed(self, step: int) -> Iterator[None]:
        """Lets SIGTERM end the process at once again, because a checkpoint holds this step.

        Raises:
          PreemptedError: on entering, if SIGTERM came before.
        """
        with self._answering(preempted(step)):
            if self.requested:
                raise PreemptedError(preempted(step))
            yield

    def __enter__(self) -> "Preemption":
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        self._writer = writer
        # Python runs a handler only between its own instructions, one of which may be a compiled
        # program of minutes; the socket receives the signal's number at once.
        self._watcher = threading.Thread(target=self._watch, args=(reader,), daemon=True)
        self._watcher.start()
        self._descriptor = signal.set_wakeup_fd(writer.fileno())
        self._handler = signal.signal(signal.SIGTERM, lambda *_: self._notice())
        return self

    def __exit__(self, *exception: object) -> None:
        signal.signal(signal.SIGTERM, self._handler or signal.SIG_DFL)
        signal.set_wakeup_fd(self._descriptor)
        self._writer.close()
        self._watcher.join()

    @contextlib.contextmanager
    def _answering(self, message: str | None) -> Iterator[None]:
        with self._lock:
            before, self._message = self._message, message
        try:
            yield
        finally:
            with self._lock:
                self._message = before

    def _watch(self, reader: socket.socket) -> None:
        with reader:
            while numbers := reader.recv(64):
                if signal.SIGTERM in numbers:
                    self._notice()

    def _notice(self) -> None:
        with self._lock:
            # The socket and the handler both report a signal, one of them late.
            already, self.requested = self.requested, True
            if self._message is not None and not already:
                # Bypasses Python's own buffer, which the main thread may be writing to.
                with contextlib.suppress(OSError):
                    os.write(_STDERR, f"medjax: {self._message}\n".encode())
                os._exit(STATUS)


def preempted(step: int) -> str:
    """Returns the last line of a run that was asked to end, with the step that is saved.

    Example:
      >>> preempted(120)
      'preempted at step 120; the same command resumes from there'
    """
    return f"preempted at step {step}; the same command resumes from there"
