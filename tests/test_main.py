"""``medjax COMMAND``: its dispatch, output and messages."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import medjax
from medjax import __main__ as command
from medjax import parallel

ROOT = Path(__file__).resolve().parent.parent
MODULES = {"launch": "medjax.launch"}
MODULES |= {name: f"medjax.cli.{name}" for name in ("data", "evaluate", "share")}


@pytest.mark.parametrize("name", MODULES)
def test_a_command_gets_its_flags(name, monkeypatch):
    seen, left = [], []
    module = importlib.import_module(MODULES[name])
    monkeypatch.setattr(module, "main", lambda argv: seen.append(argv) or 1)
    monkeypatch.setattr(parallel, "exit_process", left.append)
    assert command.main(["medjax", name, "--flag=1", "--help"]) == 1
    assert seen == [[f"medjax {name}", "--flag=1", "--help"]]
    assert left == ([1] if name == "launch" else [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given"),
        (
            ["luanch", "--config=c.py"],
            "unknown command 'luanch' (did you mean 'launch'?)",
        ),
        (["--config=c.py"], "unknown command '--config=c.py'"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(arguments, message, capsys):
    assert command.main(["medjax", *arguments]) == 2
    assert capsys.readouterr() == ("", f"medjax: {message}; choose from: {', '.join(MODULES)}\n")


def test_the_arguments_of_the_process_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["medjax", "--version"])
    assert command.main() == 0
    assert capsys.readouterr() == (f"{medjax.__version__}\n", "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_a_line_for_each_command(flag, capsys):
    assert command.main(["medjax", flag]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(MODULES)


def test_as_a_module_without_libraries():
    code = (
        "import runpy, sys; sys.argv = ['medjax', '--help']\n"
        "try: runpy.run_module('medjax', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'jax', 'numpy', 'absl', 'flax'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("Usage: medjax")


def test_the_console_script_is_main():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"medjax": f"{command.__name__}:{command.main.__name__}"}
