import numpy as np
import pytest

from medjax.run.pace import Decision, Pace, agreed


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def make_pace(**changes):
    options = {
        "total": 100,
        "report_every": [10],
        "save_every": [40],
        "save_minutes": None,
        "call_seconds": 2.0,
        "clock": Clock(),
    }
    return Pace(**options | changes)


def decide(pace, step, iterations=1, seconds=1.0, stop=False):
    return pace.decide(step, iterations=iterations, seconds=seconds, stop=stop)


@pytest.mark.parametrize(
    ("step", "iterations", "seconds", "following"),
    [
        (1, 1, 0.5, 4),  # what takes half a second goes four times into two
        (1, 1, 30.0, 1),  # slower than a call should be: one at a time
        (1, 1, 0.0, 9),  # up to the next line of the log
        (8, 4, 0.5, 2),
        (38, 4, 0.5, 2),
        (99, 9, 0.5, 1),
    ],
)
def test_a_call_ends_where_something_is_reported_or_in_time(step, iterations, seconds, following):
    assert decide(make_pace(), step, iterations, seconds).iterations == following


def test_a_call_ends_where_something_is_saved():
    assert decide(make_pace(save_every=[7], report_every=[100]), 1, 1, 0.0).iterations == 6


def test_no_call_follows_the_last():
    assert decide(make_pace(), 100).iterations >= 1  # whoever asks again gets a call that works


def test_saves_at_every_period_and_at_the_end():
    pace = make_pace(save_every=[40, 30])
    assert [step for step in range(10, 101, 10) if decide(pace, step).save] == [
        30,
        40,
        60,
        80,
        90,
        100,
    ]


def test_saves_by_the_clock_since_the_last():
    clock = Clock()
    pace = make_pace(save_minutes=2.0, clock=clock)
    saved = []
    for minute, step in ((1.9, 11), (2.0, 12), (3.9, 13), (3.95, 40), (5.9, 41), (5.95, 42)):
        clock.now = 60 * minute
        if decide(pace, step).save:
            saved.append(step)
    assert saved == [12, 40, 42]


def test_stopping_saves():
    decision = decide(make_pace(), 11, stop=True)
    assert decision.stop and decision.save
    assert not decide(make_pace(), 40).stop


@pytest.mark.parametrize(
    ("decisions", "together"),
    [
        ([[4, 0, 0], [7, 1, 0]], Decision(4, save=False, stop=False)),
        ([[4, 1, 0], [7, 0, 0]], Decision(4, save=True, stop=False)),
        ([[4, 0, 0], [7, 1, 1]], Decision(4, save=True, stop=True)),
    ],
)
def test_processes_do_as_the_first_but_stop_if_one_must(decisions, together):
    assert agreed(np.array(decisions)) == together
