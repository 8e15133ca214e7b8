import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from medjax.errors import PreemptedError
from medjax.run.preemption import STATUS, Preemption, preempted

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tell_to_end():
    os.kill(os.getpid(), signal.SIGTERM)


def wait_for(preemption):
    patience = time.monotonic() + 10
    while not preemption.requested:
        assert time.monotonic() < patience
        time.sleep(0.001)


def test_deferred_it_is_noted_and_raised_on_leaving():
    with Preemption() as preemption, pytest.raises(PreemptedError) as caught:
        with preemption.deferred():
            assert not preemption.requested
            tell_to_end()
            wait_for(preemption)
            done = True
        pytest.fail("went on")
    assert done and "the same command resumes" in str(caught.value)


def test_what_was_saved_is_said_where_it_is_allowed_again():
    said = pytest.raises(PreemptedError)
    with Preemption() as preemption, said as caught, preemption.deferred():
        tell_to_end()
        wait_for(preemption)
        with preemption.allowed(7):
            pytest.fail("went on")
    assert str(caught.value) == preempted(7)


def test_a_signal_that_is_reported_twice_counts_once():
    """The handler and the socket both report it, one of them perhaps while the run is ending."""
    with Preemption() as preemption, contextlib.suppress(PreemptedError):
        with preemption.deferred():
            tell_to_end()
            wait_for(preemption)
        tell_to_end()
        time.sleep(0.1)
    assert preemption.requested


def test_another_error_is_not_hidden():
    with Preemption() as preemption, pytest.raises(KeyError), preemption.deferred():
        tell_to_end()
        wait_for(preemption)
        raise KeyError


def test_outside_the_context_nothing_is_changed():
    handler = signal.getsignal(signal.SIGTERM)
    with Preemption() as preemption:
        assert signal.getsignal(signal.SIGTERM) != handler
    assert signal.getsignal(signal.SIGTERM) == handler
    assert signal.set_wakeup_fd(-1) == -1
    with preemption.deferred(), preemption.allowed(1):
        assert not preemption.requested


@pytest.mark.parametrize(
    ("context", "line"),
    [
        (
            "contextlib.nullcontext()",
            "preempted; the same command resumes from the last checkpoint, if there is one",
        ),
        ("preemption.allowed(12)", "preempted at step 12; the same command resumes from there"),
    ],
)
def test_a_compiled_program_is_not_waited_for(context, line):
    """The main thread is in one call that would take days."""
    script = textwrap.dedent(f"""
        import contextlib, jax
        from medjax.run.preemption import Preemption
        forever = jax.jit(lambda n: jax.lax.fori_loop(0, n, lambda i, x: x * 1.5 + i, 0.0))
        jax.block_until_ready(forever(1))
        with Preemption() as preemption, {context}:
            print("now", flush=True)
            jax.block_until_ready(forever(2**31 - 1) + sum(forever(2**31 - 1) for _ in range(9)))
    """)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, **pipes) as child:
        assert child.stdout.readline() == "now\n"
        time.sleep(0.5)
        start = time.monotonic()
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)
        assert time.monotonic() - start < 2
        assert (child.returncode, said) == (STATUS, f"medjax: {line}\n")
