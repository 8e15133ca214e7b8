import jax
import jax.numpy as jnp
import pytest

from medjax.run.progress import Stopwatch, stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def test_a_part_does_not_count_in_the_part_that_it_interrupts(clock):
    with Stopwatch() as running:
        clock(1)
        with running.part("select"):
            clock(10)
            with running.part("evaluate"):
                clock(100)
            clock(20)
        clock(3)
        found = running.seconds()
    expected = {"distill_s": 4, "select_s": 30, "evaluate_s": 100, "baselines_s": 0}
    assert found == {**expected, "total_s": 134, "compile_s": 0}


def test_an_error_ends_its_part(clock):
    with Stopwatch() as running:
        with pytest.raises(ValueError, match="a"), running.part("baselines"):
            clock(2)
            raise ValueError("a")
        clock(5)
        assert running.seconds()["distill_s"] == 5


def test_compiling_counts_until_the_end():
    def compile_anew():
        jax.jit(lambda x: x + 1)(jnp.zeros(3))

    with Stopwatch() as running:
        compile_anew()
        found = running.seconds()["compile_s"]
        jax.monitoring.record_event_duration_secs("/jax/another/duration", 100)
        assert 0 < found == running.seconds()["compile_s"]
    compile_anew()
    assert running.seconds()["compile_s"] == found
