"""The progress of parts without iterations, on a terminal and elsewhere."""

import io

from medjax.run.progress import Progress, Stages


def _watch(stages, clock, fractions, *, seconds):
    for done in fractions:
        stages.watch("random images", done)
        clock.now += seconds


def test_a_line_every_half_minute_without_a_terminal(clock):
    stream = io.StringIO()
    _watch(Stages(stream), clock, (0, 0.25, 0.5, 0.75, 1), seconds=20)
    assert stream.getvalue().splitlines() == [
        "random images: 50%, 40 s left",
        "random images: done in 80 s",
    ]


def test_a_line_that_changes_on_a_terminal(clock, terminal):
    stream = terminal()
    _watch(Stages(stream), clock, (0, 0.5, 1), seconds=10)
    assert stream.getvalue().split("\r\033[K")[1:] == [
        "random images: 0%",
        "random images: 50%, 10 s left",
        "random images: done in 20 s\n",
    ]


def test_each_part_has_its_own_clock(clock):
    stream, stages = io.StringIO(), None
    stages = Stages(stream)
    _watch(stages, clock, (0, 1), seconds=100)
    _watch(stages, clock, (0, 1), seconds=5)
    assert stream.getvalue().splitlines()[-1] == "random images: done in 5 s"


def test_other_processes_show_nothing(clock):
    stream = io.StringIO()
    _watch(Stages(stream, shown=False), clock, (0, 0.5, 1), seconds=100)
    assert stream.getvalue() == ""


def test_a_part_of_a_run_has_no_last_line(clock):
    stream = io.StringIO()
    with Progress(10, done=0, stream=stream) as progress:
        for done in (0, 0.5, 1):
            progress.watch("images on val", done)
            clock.now += 40
    assert stream.getvalue() == "images on val: 50%, 40 s left\n"


def test_a_short_part_has_no_line(clock):
    stream = io.StringIO()
    _watch(Stages(stream), clock, (0, 1), seconds=0.2)
    assert stream.getvalue() == ""
