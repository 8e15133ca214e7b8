"""gpu_single.sh with a stub of the interpreter."""

import signal
import subprocess
import time

import pytest

FLAGS = ("--config=configs/dm.py:bloodmnist", "--workdir=runs/a b")
LAUNCH = ["python", "-m", "medjax.launch", *FLAGS]
INSTALL = ["python", "-m", "pip", "install", "--quiet", "--editable", ".[cuda]"]
# Ends with 143 as often as the file "times" says, then well.
PREEMPTED = """[ "$2" = medjax.launch ] || exit 0
left=$(cat times); echo $((left - 1)) >times
[ "$left" -le 0 ] || exit 143"""


@pytest.fixture
def venv(box):
    box.stub("python", path=box.root / ".venv/bin/python")
    return box


def preempt(box, times):
    box.stub("python", PREEMPTED, path=box.root / ".venv/bin/python")
    (box.root / "times").write_text(str(times))


def test_it_installs_and_runs(venv):
    venv.stub("nvidia-smi", "echo 'GPU 0: A100'")
    done = venv.run("gpu_single.sh", "--", *FLAGS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "GPU 0: A100\n", "")
    assert venv.calls("python") == [INSTALL, LAUNCH] and venv.calls("python3") == []


def test_it_makes_the_environment_where_there_is_none(box):
    made = "printf '#!/bin/bash\\nexit 5\\n' >.venv/bin/python && chmod +x .venv/bin/python"
    copy = f"mkdir -p .venv/bin && {made}"
    box.stub("python3", copy)
    assert box.run("gpu_single.sh", "--", *FLAGS).returncode == 5
    assert box.calls("python3") == [["python3", "-m", "venv", ".venv"]]


def test_without_a_gpu_nothing_is_installed(venv):
    venv.stub("nvidia-smi", "exit 9")
    done = venv.run("gpu_single.sh", "--", *FLAGS)
    assert done.returncode == 2 and done.stderr.startswith("gpu_single.sh: nvidia-smi finds no GPU")
    assert venv.calls("python") == []


def test_dry_run(box):
    done = box.run("gpu_single.sh", "--dry-run", "--", *FLAGS)
    assert (done.returncode, done.stderr) == (0, "") and box.calls() == []
    assert done.stdout.splitlines() == [
        "python3 -m venv .venv",
        ".venv/bin/python -m pip install --quiet --editable .\\[cuda\\]",
        ".venv/bin/python -m medjax.launch --config=configs/dm.py:bloodmnist --workdir=runs/a\\ b",
    ]


@pytest.mark.parametrize(
    ("times", "restarts", "status", "runs"), [(2, 2, 0, 3), (2, 1, 143, 2), (1, 0, 143, 1)]
)
def test_a_preempted_run_is_resumed(venv, times, restarts, status, runs):
    preempt(venv, times)
    done = venv.run("gpu_single.sh", f"--restarts={restarts}", "--", *FLAGS)
    assert done.returncode == status and done.stdout.count("resuming") == runs - 1
    assert venv.calls("python")[1:] == [LAUNCH] * runs


@pytest.mark.parametrize("status", [1, 2, 130])
def test_a_run_that_failed_does_not(venv, status):
    venv.stub("python", f"[ $2 = pip ] || exit {status}", path=venv.root / ".venv/bin/python")
    assert venv.run("gpu_single.sh", "--restarts=9", "--", *FLAGS).returncode == status
    assert len(venv.calls("python")) == 2


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_who_stops_it_stops_the_run_which_may_save(venv, sent):
    saves = "trap 'sleep 0.3; touch saved; exit 143' TERM; touch started; sleep 20 & wait"
    venv.stub("python", f"[ $2 = pip ] || {{ {saves}; }}", path=venv.root / ".venv/bin/python")
    # Of a job in the background, as the tests may be, a shell cannot trap what its parent ignores.
    command = ["env", "--default-signal=INT", "bash", "launch/gpu_single.sh", "--restarts=9"]
    process = subprocess.Popen([*command, "--", *FLAGS], cwd=venv.root, env=venv.environment())
    for _ in range(200):
        if (venv.root / "started").exists():
            break
        time.sleep(0.05)
    process.send_signal(sent)
    assert process.wait(timeout=10) == 143
    assert (venv.root / "saved").exists() and len(venv.calls("python")) == 2
