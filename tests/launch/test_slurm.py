"""slurm.sbatch under stubs of srun and scontrol."""

import pathlib
import re

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "launch" / "slurm.sbatch"
FLAGS = ("--config=configs/dm.py:bloodmnist,quick", "--workdir=/shared/runs/a b")
JOB = {"SLURM_JOB_ID": "70", "SLURM_CPUS_PER_TASK": "8"}
ELEMENT = {**JOB, "SLURM_ARRAY_JOB_ID": "60", "SLURM_ARRAY_TASK_ID": "3"}
GRID = ("--config=c.py", "--root=r", "--grid=ipc=1,10", "--grid=seed=0,1")
# Options of sbatch, of all that there are, with what they may be set to here.
OPTIONS = {
    "job-name": r"\w+",
    "nodes": r"\d+",
    "gpus-per-node": r"\d+",
    "ntasks-per-node": r"\d+",
    "cpus-per-task": r"\d+",
    "time": r"\d+:\d\d:\d\d",
    "signal": r"(R:|B:)?[A-Z]+\d?(@\d+)?",
    "requeue": r"",
    "open-mode": r"append|truncate",
    "output": r"\S+%j\S*",
}


@pytest.fixture
def python(box):
    box.stub("python", path=box.root / ".venv/bin/python")
    return box


def directives():
    found = re.findall(r"^#SBATCH --([a-z-]+)(?:=(\S+))?$", SCRIPT.read_text(), re.MULTILINE)
    return dict(found)


def test_directives_are_options_of_sbatch_and_come_before_any_command():
    lines = SCRIPT.read_text().splitlines()
    marked = [i for i, line in enumerate(lines) if line.startswith("#SBATCH")]
    first_command = next(i for i, line in enumerate(lines) if line and line[0] != "#")
    assert len(marked) == len(directives()) == len(OPTIONS) and marked[-1] < first_command
    for name, value in directives().items():
        assert re.fullmatch(OPTIONS[name], value), (name, value)


def test_one_process_per_gpu_and_the_signal_goes_to_the_processes():
    found = directives()
    assert found["ntasks-per-node"] == found["gpus-per-node"]
    assert found["signal"].startswith("TERM@") and int(found["signal"].partition("@")[2]) >= 60
    assert "requeue" in found and found["open-mode"] == "append"


def test_it_runs_the_same_command_in_every_process(python):
    done = python.run("slurm.sbatch", *FLAGS, **JOB)
    assert (done.returncode, done.stderr) == (0, "")
    (call,) = python.calls()
    options, command = call[1:4], call[4:]
    assert options == ["--cpus-per-task=8", "--kill-on-bad-exit=0", "--wait=300"]
    assert command == [".venv/bin/python", "-m", "medjax.launch", *FLAGS]


@pytest.mark.parametrize("variables, job", [(JOB, "70"), (ELEMENT, "60_3")])
def test_a_preempted_job_goes_back_into_the_queue(python, variables, job):
    python.stub("srun", "exit 143")
    flags = GRID if "SLURM_ARRAY_JOB_ID" in variables else FLAGS
    done = python.run("slurm.sbatch", *flags, **variables)
    assert done.returncode == 143 and f"job {job} is back in the queue" in done.stdout
    assert python.calls("scontrol") == [["scontrol", "requeue", "Incomplete", job]]


def test_a_cancelled_job_does_not(python):
    python.stub("srun", "exit 143")
    python.stub("scontrol", "exit 1")  # as it says of a job that is no longer running
    done = python.run("slurm.sbatch", *FLAGS, **JOB)
    assert done.returncode == 143 and "back in the queue" not in done.stdout


@pytest.mark.parametrize("status", [1, 2, 137])
def test_a_job_that_failed_does_not(python, status):
    python.stub("srun", f"exit {status}")
    assert python.run("slurm.sbatch", *FLAGS, **JOB).returncode == status
    assert python.calls("scontrol") == []


def test_restarts_have_an_end(python):
    python.stub("srun", "exit 143")
    count = {"SLURM_RESTART_COUNT": "3"}
    done = python.run("slurm.sbatch", *FLAGS, **JOB, **count, MAX_RESTARTS="3")
    assert done.returncode == 143 and "3 restarts used up" in done.stderr
    assert python.calls("scontrol") == []
    python.run("slurm.sbatch", *FLAGS, **JOB, **count, MAX_RESTARTS="4")
    assert len(python.calls("scontrol")) == 1


def test_the_shell_outlives_the_signal_that_its_processes_get(python):
    python.stub("srun", "kill -TERM $PPID; sleep 0.2; exit 143")
    assert python.run("slurm.sbatch", *FLAGS, **JOB).returncode == 143
    assert len(python.calls("scontrol")) == 1


def test_an_element_of_an_array_runs_its_point_of_the_grid(python):
    python.stub("srun", '"${@:4}"')
    done = python.run("slurm.sbatch", *GRID, **ELEMENT)
    assert (done.returncode, done.stderr) == (0, "")
    (call,) = python.calls("python")
    assert "--config.ipc=10" in call and "--config.seed=1" in call
