"""Where a run takes place: names, encodings, file systems, home directories and event loops."""

import os
import pathlib
import shutil

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
    "evaluation.whole_steps=2"
)

# Trains experts, distils from a stream on disk, reads the finished run, and resumes it without its
# summary; all of it inside an event loop, as in a notebook.
RUN = """
BEFORE
import asyncio, os, pathlib
import grain, orbax.checkpoint  # libraries have ways of their own on each system
AFTER
import medjax
from medjax.run import config

WORDS = (
    "quick,ipc=1,net.width=4,net.depth=1,iterations=2,evaluation.every=1,evaluation.epochs=1,"
    "evaluation.whole_steps=2,evaluation.networks=1,evaluation.select_networks=1,"
    "distill.num_experts=1,distill.train_epochs=2,distill.max_start_epoch=1,distill.syn_steps=1,"
    "data.stream_above_gib=0.0,data.cache=cache,mesh.devices=1,evaluation.augment=none,"
    "distill.batch_real=4,set.npz"
)

async def cell():
    settings = config.make("mtt", "phantom", WORDS).to_dict()
    first = medjax.distill(settings, "work")
    assert medjax.distill(settings, "work") == first
    pathlib.Path("work/summary.json").unlink()
    assert medjax.distill(settings, "work")["test"] == first["test"]

asyncio.run(cell())
"""
WINDOWS = (
    "import sys\nsys.modules['fcntl'] = None",
    "for name in ('pread', 'posix_fallocate'): delattr(os, name)",
)
NO_LOCKS = (
    "import errno, fcntl\n"
    "def refuse(*_): raise OSError(errno.ENOSYS, 'Function not implemented')\n"
    "fcntl.flock = fcntl.lockf = refuse",
    "",
)


@pytest.mark.parametrize("place", [WINDOWS, NO_LOCKS], ids=["windows", "no locks"])
def test_experts_streams_and_checkpoints(place, striped, tmp_path, monkeypatch, outside):
    monkeypatch.chdir(tmp_path)
    shutil.copy(striped / "set.npz", "set.npz")
    said = outside("-c", RUN.replace("BEFORE", place[0]).replace("AFTER", place[1]))
    assert said.status == 0, said.lines
    assert any(line.startswith("step 2: val ") for line in said.lines)
    assert any("resuming from step 2" in line for line in said.lines)


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


def test_a_class_in_latin_1_is_shown_where_a_name_is_shown(case, distil, describe):
    scans = case("latin1_class_folder")
    broken = os.fsencode(scans) + b"/normal/br\xf6ken.png"
    pathlib.Path(os.fsdecode(broken)).write_bytes(b"no picture")
    folder = scans.rename(os.fsdecode(os.fsencode(scans.parent) + b"/f\xe9ld"))
    said = distil(f"folder:{folder},data.size=16,data.convert.skip_unreadable=True")
    assert said.status == 0
    found = said.report["data"]
    assert found["classes"] == [r"l\xe9sion", "normal"]
    assert found["source"].endswith(r"/f\xe9ld")
    assert found["left_out"][0]["name"] == r"normal/br\xf6ken.png"
    page = (folder.parent / "work" / "report.html").read_text(encoding="utf-8")
    assert r"<h3>l\xe9sion" in page and "f\\xe9ld" in page
    assert any(r"skipped normal/br\xf6ken.png" in line for line in said.lines)
    again = distil(f"folder:{folder},data.size=16,data.convert.skip_unreadable=True")
    assert (again.status, again.report) == (0, said.report)
    described = describe(folder, "--convert.skip_unreadable")
    assert described.report["classes"] == found["classes"] and r"l\xe9sion  " in described.out


def test_a_name_brings_neither_lines_nor_control_codes(case, describe):
    scans = case("name_with_newline")
    name = "x\x1b[31m\r\n\u2028.png"
    (scans / "benign" / name).write_bytes(b"no picture")
    (scans / "malignant").rename(scans / "malig\x1b[2J\nnant")
    for flags, status in (((), 2), (("--convert.skip_unreadable",), 0)):
        said = describe(scans, *flags)
        assert said.status == status
        for line in [*said.lines, *said.out.splitlines()]:
            assert "\x1b" not in line and "\r" not in line and "\u2028" not in line
        assert all(line.startswith("medjax: ") for line in said.lines)
    assert r"malig\x1b[2J\nnant" in said.out


def test_a_path_may_hold_commas_and_equals_signs(case, distil):
    scans = case("comma_and_equals_in_path") / "scans, set=1"
    said = distil(f"folder:{scans},data.size=16")
    assert said.status == 0 and said.report["dataset"] == "scans, set=1"
    said = distil(f"folder:{scans}, gone=2,data.size=16")
    assert said.status == 2 and said.line.endswith("or set --config.data.name")


def test_the_home_directory_in_every_path(case, distil, score, monkeypatch, tmp_path):
    home = case("class_smaller_than_ipc").parent
    monkeypatch.setenv("HOME", str(home))
    data = "~/class_smaller_than_ipc/mine.npz"
    flags = (f"--config.data.name={data}", "--config.data.cache=~/kept")
    said = distil("phantom", *flags, workdir="~/run")
    assert said.status == 0 and said.report["data"]["source"] == str(home / data[2:])
    assert "~" not in [path.name for path in tmp_path.iterdir()]
    said = score("~/run/synthetic.npz", data, "--out=~/scores.json")
    assert said.status == 0 and (home / "scores.json").is_file()
