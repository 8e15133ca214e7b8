"""Lines on standard error: errors, warnings and log records, and the exit code of each."""

import logging
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
