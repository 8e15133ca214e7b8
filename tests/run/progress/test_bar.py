"""Progress on a terminal and elsewhere."""

import io

from medjax.run.progress import Progress


def test_lines_without_a_terminal(clock):
    stream = io.StringIO()
    with Progress(20, done=5, stream=stream) as progress:
        progress.note("resuming from step 5")
        clock.now += 2
        progress.advance(8, real_images=3000)
        progress.advance(10, real_images=2000)
        progress.update(loss=0.12345678)
        clock.now += 4
        progress.advance(15, real_images=2)
        progress.update(loss=12.0)
    assert stream.getvalue().splitlines() == [
        "resuming from step 5",
        "step 10/20  loss 0.1235  2,500 images/s",
        "step 15/20  loss 12  0 images/s",
    ]


def test_time_spent_elsewhere_does_not_count(clock):
    stream = io.StringIO()
    progress = Progress(20, done=0, stream=stream)
    clock.now += 60
    progress.restart_clock()
    clock.now += 2
    progress.advance(10, real_images=100)
    progress.update(loss=1.0)
    assert "  50 images/s" in stream.getvalue()


def test_no_time_at_all_divides_by_nothing(clock):
    stream = io.StringIO()
    progress = Progress(20, done=0, stream=stream)
    progress.advance(10, real_images=1)
    progress.update(loss=1.0)
    assert stream.getvalue().startswith("step 10/20  loss 1  1,000,000,000 images/s")


def test_no_rate_where_nothing_was_done(clock):
    stream = io.StringIO()
    Progress(20, done=5, stream=stream).update(loss=1.0)
    assert stream.getvalue() == "step 5/20  loss 1\n"


def test_a_bar_on_a_terminal(clock, terminal):
    stream = terminal()
    with Progress(20, done=5, stream=stream) as progress:
        clock.now += 2
        progress.advance(15, real_images=5000)
        progress.update(loss=0.5)
        progress.note("step 15: val auroc 0.9")
        progress.advance(20, real_images=1)
        progress.update(loss=0.25)
    text = stream.getvalue()
    frames = text.split("\r")
    assert any(" 5/20 " in frame for frame in frames)  # what was done before is not done again
    assert any(" 20/20 " in frame and "100%" in frame for frame in frames)
    assert "step 15: val auroc 0.9\n" in text  # on a line of its own
    assert text.endswith("\n")


def test_the_bar_tells_the_time_left_of_a_part(clock, terminal):
    stream = terminal()
    with Progress(20, done=5, stream=stream) as progress:
        for done in (0, 0.25):
            progress.watch("images on val", done)
            clock.now += 10
    assert "images on val: 25%, 30 s left" in stream.getvalue()


def test_standard_error_is_the_default(capsys):
    Progress(2, done=0).note("hello")
    assert capsys.readouterr() == ("", "hello\n")
