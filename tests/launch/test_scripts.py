"""What holds for every script in launch/: shellcheck, strictness, help, one line for a mistake."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "launch").iterdir() if path.suffix in (".sh", ".sbatch"))
JOB = {"SLURM_JOB_ID": "7"}


@pytest.fixture(params=SCRIPTS, ids=[path.name for path in SCRIPTS])
def script(request):
    return request.param


def test_all_are_there():
    wanted = {"tpu_pod.sh", "tpu_worker.sh", "slurm.sbatch", "gpu_single.sh", "sweep.sh"}
    assert {path.name for path in SCRIPTS} == wanted


def test_shellcheck_has_nothing_to_say(script):
    beside = pathlib.Path(sys.executable).parent / "shellcheck"
    shellcheck = str(beside) if beside.exists() else shutil.which("shellcheck")
    assert shellcheck, "shellcheck is missing: install .[test]"
    done = subprocess.run([shellcheck, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_it_stops_at_the_first_error(script):
    lines = [line for line in script.read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "set -euo pipefail"
    assert script.suffix == ".sbatch" or script.stat().st_mode & 0o111


def test_help(script, box):
    for flag in ("--help", "-h"):
        done = box.run(script.name, flag)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("Usage")
    assert box.calls() == []


TPU = ("--name=n", "--zone=z", "--accelerator=a", "--runtime=r", "--storage=gs://b")
SWEEP = ("--config=c.py", "--root=r", "--grid=ipc=1,2")
K8S = ("--k8s", "--image=i", "--config=c.py", "--root=/mnt/medjax/r")


@pytest.mark.parametrize(
    ("script", "args", "message"),
    [
        ("gpu_single.sh", (), "flags are missing"),
        ("gpu_single.sh", ("--config=c",), "unknown option --config=c; flags of medjax.launch"),
        ("gpu_single.sh", ("--restarts=x", "--", "f"), "--restarts takes a number, got x"),
        ("slurm.sbatch", (), "flags are missing, as in sbatch launch/slurm.sbatch"),
        ("slurm.sbatch", ("--config=c",), "no interpreter at PYTHON=.venv/bin/python"),
        ("tpu_pod.sh", (), "--name is missing"),
        ("tpu_pod.sh", TPU[:-1], "--storage is missing"),
        ("tpu_pod.sh", (*TPU[:-1], "--storage=/d"), "gs://BUCKET or HOST:/EXPORT, got /d"),
        (
            "tpu_pod.sh",
            TPU,
            "--workdir must be below /mnt/medjax, which outlives the slice; got ''",
        ),
        ("tpu_pod.sh", (*TPU, "--", "--workdir=runs/a"), "got 'runs/a'"),
        ("tpu_pod.sh", (*TPU, "--restarts=-1"), "--restarts takes a number, got -1"),
        ("tpu_pod.sh", ("--nmae=n",), "unknown option --nmae=n"),
        ("tpu_worker.sh", (), "takes setup or run, got ''"),
        ("tpu_worker.sh", ("setup",), "setup takes the storage"),
        ("sweep.sh", SWEEP, "one of --local, --slurm, --k8s or --index=I is missing"),
        ("sweep.sh", ("--local",), "--config is missing"),
        ("sweep.sh", ("--local", "--config=c"), "--root is missing"),
        ("sweep.sh", ("--local", "--config=c", "--root=r"), "--grid is missing"),
        ("sweep.sh", ("--local", *SWEEP, "--grid"), "--grid takes KEY=VALUE,..."),
        ("sweep.sh", ("--local", *SWEEP, "--grid=seed"), "digits and ._+-, got seed"),
        ("sweep.sh", ("--local", *SWEEP, "--grid=seed=1,"), "got seed=1,"),
        ("sweep.sh", ("--local", *SWEEP, "--grid=data.name=a/b"), "got data.name=a/b"),
        ("sweep.sh", ("--local", *SWEEP, "--grid=ipc=3"), "the key ipc twice"),
        ("sweep.sh", ("--local", *SWEEP, "--grid=seed=1,2,1"), "the value 1 twice"),
        ("sweep.sh", ("--index=2", *SWEEP), "--index takes 0 to 1, got 2"),
        ("sweep.sh", ("--index=", *SWEEP), "--index takes 0 to 1, got "),
        ("sweep.sh", ("--slurm", *SWEEP, "--parallel=0"), "--parallel takes a number, got 0"),
        ("sweep.sh", ("--slurm", *SWEEP, "--gpus=all"), "--gpus takes a number, got all"),
        ("sweep.sh", ("--k8s", *SWEEP), "--image is missing"),
        ("sweep.sh", ("--k8s", *SWEEP, "--image=i"), "--root must be below /mnt/medjax"),
        ("sweep.sh", (*K8S, "--grid=ipc=1", "--", '--x="'), 'no ", \\ or $ with --k8s'),
    ],
)
def test_a_mistake_is_one_line_and_nothing_was_called(script, args, message, box):
    done = box.run(script, *args, **JOB)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{script}: ") and message in line
    assert box.calls() == []


def test_slurm_only_under_slurm(box):
    done = box.run("slurm.sbatch", "--config=c")
    assert done.returncode == 2 and "not in a SLURM job: submit it with sbatch" in done.stderr
    (box.root / "launch" / "sweep.sh").unlink()
    done = box.run("slurm.sbatch", "--config=c", **JOB)
    assert done.returncode == 2 and "not in the root of the repository" in done.stderr


def test_the_readme_speaks_of_every_file_and_its_commands_are_right(parsed):
    text = (ROOT / "launch" / "README.md").read_text()
    for path in (ROOT / "launch").iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in text, path.name
    commands = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    joined = "\n".join(commands).replace("\\\n", " ")
    named = re.findall(r"launch/\w+\.\w+", joined)
    assert named and all((ROOT / name).is_file() for name in named)
    configs = re.findall(r"--config=(\S+)", joined)
    assert len(configs) >= 4
    for config in configs:
        assert parsed(["python", "-m", "medjax.launch", f"--config={config}", "--workdir=w"])
    for line in joined.splitlines():
        words = line.split()
        name = next((word for word in words if word.endswith(".sh")), None)
        if name:
            helped = subprocess.run(["bash", name, "--help"], cwd=ROOT, capture_output=True)
            own = words[words.index(name) + 1 :]
            own = own[: own.index("--")] if "--" in own else own
            for flag in own:
                assert flag.partition("=")[0].encode() in helped.stdout, flag
