"""Commands whose reader has gone end without a word."""

import os
import pathlib
import subprocess
import sys

import pytest

from medjax.cli import pipes

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = [
    (["medjax", "data", "--name=phantom"], True),
    (["medjax.data", "--name=phantom"], False),
    (["medjax.launch", f"--config={ROOT}/configs/dm.py", "--help"], True),
    (["medjax.launch", f"--config={ROOT}/configs/dm.py", "--help"], False),
    (["medjax.evaluate", "--help"], True),
]


@pytest.fixture
def closed():
    """The end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def _run(argv, *, buffered=True, **streams):
    env = os.environ | {"PYTHONUNBUFFERED": "" if buffered else "1"}
    done = subprocess.run([sys.executable, "-m", *argv], text=True, env=env, **streams)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("argv", "buffered"), COMMANDS)
def test_nothing_is_said(argv, buffered, closed):
    said = _run(argv, buffered=buffered, stdout=closed, stderr=subprocess.PIPE)
    assert said == (pipes.CLOSED, "")


@pytest.mark.parametrize("module", ["medjax.data", "medjax.launch"])
def test_an_error_that_nobody_reads(module, closed):
    assert _run([module, "--nothing"], stderr=closed) == (pipes.CLOSED, None)


@pytest.mark.parametrize("length", [100, 5000])  # more than a pipe's buffer holds, or less
def test_output_of_any_length_is_missed(length, closed):
    program = "from medjax.cli import messages, pipes\n@pipes.ends_quietly\ndef main():\n"
    program += f"    with messages.shown():\n        print('x' * {length})\n        return 0\n"
    program += "raise SystemExit(main())"
    env = os.environ | {"PYTHONUNBUFFERED": ""}
    done = subprocess.run([sys.executable, "-c", program], stdout=closed, env=env, check=False)
    assert done.returncode == pipes.CLOSED


def test_another_pipe_keeps_its_error():
    @pipes.ends_quietly
    def main(argv):
        raise BrokenPipeError(argv)

    with pytest.raises(BrokenPipeError, match="of a worker"):
        main("of a worker")


def test_output_that_is_read_keeps_its_status(closed):
    assert _run(["medjax.data"], stderr=subprocess.PIPE)[0] == 2
