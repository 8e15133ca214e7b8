"""The exit codes of commands and the one line that each error becomes."""

import pytest

from medjax.cli import exits
from medjax.errors import RunError, UserError


def command_that_raises(error, **options):
    @exits.command(**options)
    def main(argv):
        if error is not None:
            raise error
        return len(argv)

    return main


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("no data"), 2, "medjax: no data\n"),
        (OSError(28, "No space left on device"), 2, "medjax: [Errno 28] No space left on device\n"),
        (RunError("not finite"), 1, "medjax: not finite\n"),
        (KeyboardInterrupt(), 130, "medjax: interrupted\n"),
        (None, 1, ""),
    ],
)
def test_an_error_becomes_one_line_and_an_exit_code(error, status, line, capsys):
    assert command_that_raises(error)(["data"]) == status
    assert capsys.readouterr() == ("", line)


def test_a_command_has_its_own_words(capsys):
    main = command_that_raises(UserError("set data.size"), reword=lambda text: text.upper())
    assert main(["data"]) == 2
    resumes = command_that_raises(KeyboardInterrupt(), interrupted="interrupted; it resumes")
    assert resumes(["study"]) == 130
    assert capsys.readouterr().err == "medjax: SET DATA.SIZE\nmedjax: interrupted; it resumes\n"


@pytest.mark.parametrize("error", [ValueError("a bug"), BrokenPipeError()])
def test_a_bug_and_a_pipe_of_another_program_are_not_hidden(error):
    with pytest.raises(type(error)):
        command_that_raises(error)(["data"])
