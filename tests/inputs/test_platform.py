"""Where a run takes place: names, encodings, file systems, home directories and event loops."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ("without_fcntl", "without_locks", "without_home", "inside_event_loop")
# The commands, one after another in a process: the launcher twice, because the second only reads.
COMMANDS = """
import sys
from medjax import launch
from medjax.cli import data, evaluate
count, scans, config, work = sys.argv[1:]
commands = (
    (data.main, [f"--name=folder:{scans}", "--size=16", "--near=0"]),
    (launch.main, [f"--config={config}", f"--workdir={work}"]),
    (launch.main, [f"--config={config}", f"--workdir={work}"]),
    (evaluate.main, [f"--synthetic={work}/synthetic.npz"]),
    (launch.main, ["--help"]),
)
for main, flags in commands[:int(count)]:
    assert main(["command", *flags]) == 0
"""
SHORT = (
    "net.name=mlp,ipc=2,evaluation.networks=2,evaluation.select_networks=1,evaluation.epochs=1,"
    "evaluation.whole_epochs=1"
)


@pytest.mark.parametrize("name", CASES)
def test_it_works(name, case, outside):
    said = outside(case(name) / "run.py")
    assert said.status == 0, said.lines
    assert not any("Traceback" in line for line in said.lines)


def run_commands(count, encoding, case, outside):
    """Runs the first commands on a folder and into a workdir whose names are not ASCII."""
    scans = case("name_with_newline")
    for file in (scans / "benign").glob("*\n*"):
        file.unlink()
    (scans / "benign").rename(scans / "bénigne")
    config = f"{ROOT}/configs/coreset.py:random,folder:{scans},data.size=16,{SHORT}"
    environment = {"PYTHONIOENCODING": encoding, "MEDJAX_CACHE_DIR": str(scans.parent / "cache")}
    argv = ("-c", COMMANDS, count, scans, config, scans.parent / "wörk")
    said = outside(*argv, env=os.environ | environment, encoding=encoding)
    assert said.status == 0, said.lines
    return said.out


def test_every_command_prints_where_the_output_is_ascii(case, outside):
    out = run_commands(len(COMMANDS), "ascii", case, outside)
    for text in ("16x16x1", "b\\xe9nigne", "2 images per class", "+-", "w\\xf6rk/report.html"):
        assert text in out


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_other_encodings_show_what_they_have(encoding, case, outside):
    out = run_commands(1, encoding, case, outside)
    assert "16×16×1" in out and "bénigne" in out and "near (<= 0 of 256 bits)" in out
