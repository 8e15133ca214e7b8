"""Lines on standard error: errors, warnings and log records, and the exit code of each."""

import io
import logging
import sys
import warnings

import pytest

from medjax.cli import messages


@pytest.fixture(autouse=True)
def _same_process(monkeypatch):
    """Restores what the module sets for the whole process."""
    logger, level = logging.getLogger("medjax"), logging.getLogger("medjax").level
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(logger, "handlers", logger.handlers)
    monkeypatch.setattr(logger, "propagate", logger.propagate)
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("status", [messages.DONE, messages.FAILED, messages.USAGE])
def test_a_message_is_a_line_and_a_status(status, capsys):
    assert messages.say(ValueError("ipc is 0"), status=status) == status
    assert capsys.readouterr() == ("", "medjax: ipc is 0\n")


@pytest.mark.filterwarnings("always:an old file")
def test_warnings_are_lines_without_a_place(capsys):
    messages.show_warnings()
    warnings.warn("an old file", stacklevel=1)
    assert capsys.readouterr().err == "medjax: warning: an old file\n"


def test_log_records_are_lines_once(capsys):
    messages.show_log()
    messages.show_log()
    logging.getLogger("medjax").info("skipped %d files", 3)
    logging.getLogger("medjax").debug("not shown")
    assert capsys.readouterr().err == "medjax: skipped 3 files\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("c1 \x9b31m \x85", r"c1 \x9b31m \x85"),
        ("del \x7f, line \u2028, turned \u202e", r"del \x7f, line \u2028, turned \u202e"),
        ("Latin-1 l\udce9sion", r"Latin-1 l\xe9sion"),
        ("école, 医学, می\u200cشود", "école, 医学, می\u200cشود"),
    ],
)
def test_a_name_stays_on_its_line_and_brings_no_control_codes(name, shown, capsys):
    messages.show_log()
    messages.say(name)
    logging.getLogger("medjax").warning("skipped %s", name)
    assert capsys.readouterr().err == f"medjax: {shown}\nmedjax: skipped {shown}\n"


@pytest.fixture
def output(monkeypatch):
    """``output(encoding)``: standard output and error of that encoding."""

    def make(encoding):
        streams = {}
        for name in ("stdout", "stderr"):
            streams[name] = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
            monkeypatch.setattr(sys, name, streams[name])
        messages.use_stand_ins()
        return streams

    return make


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", r"near (<= 12): 28x28, 0.9 +- 0.1 ... \u533b \xe9cole"),
        ("latin-1", r"near (<= 12): 28×28, 0.9 ± 0.1 ... \u533b école"),
        ("utf-8", "near (≤ 12): 28×28, 0.9 ± 0.1 … 医 école"),
    ],
)
def test_stand_ins_replace_what_the_output_lacks(encoding, shown, output):
    streams = output(encoding)
    print("near (≤ 12): 28×28, 0.9 ± 0.1 … 医 école")
    messages.say("28×28")
    for stream in streams.values():
        stream.flush()
    assert streams["stdout"].buffer.getvalue().decode(encoding).rstrip() == shown
    assert b"28" in streams["stderr"].buffer.getvalue()


def test_a_notebook_has_output_without_an_encoding(monkeypatch):
    notebook = io.StringIO()
    monkeypatch.setattr(sys, "stdout", notebook)
    monkeypatch.setattr(sys, "stderr", None)
    messages.use_stand_ins()
    print("28×28")
    assert sys.stdout is notebook and notebook.getvalue() == "28×28\n"


def test_a_command_run_as_a_function_leaves_the_streams_as_they_were(output):
    streams = output("ascii")
    for stream in streams.values():
        stream.reconfigure(errors="strict")
    with pytest.raises(ZeroDivisionError), messages.shown():
        assert {stream.errors for stream in streams.values()} == {"medjax"}
        _ = 1 / 0
    assert {stream.errors for stream in streams.values()} == {"strict"}


@pytest.mark.filterwarnings("always:set data.root")
def test_a_command_run_as_a_function_leaves_the_process_as_it_was(capsys):
    logger, show = logging.getLogger("medjax"), warnings.showwarning
    before = (logger.handlers, logger.propagate, logger.level)
    with messages.shown(reword=lambda text: text.replace("data.", "--")):
        warnings.warn("set data.root", stacklevel=1)
        logger.warning("or data.cache")
        logger.info("not shown")
    assert capsys.readouterr().err == "medjax: warning: set --root\nmedjax: or --cache\n"
    assert (logger.handlers, logger.propagate, logger.level) == before
    assert warnings.showwarning is show
