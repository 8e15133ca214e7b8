"""sweep.sh: which run has which settings, and how they are submitted."""

import shlex
import subprocess

import pytest
import yaml

CONFIG = "--config=configs/dm.py:bloodmnist,quick"
GRIDS = ("--grid", "ipc=1,10,50", "--grid=net.width=16,32")
POINTS = [(ipc, width) for ipc in (1, 10, 50) for width in (16, 32)]
SHARED = (CONFIG, "--root=/mnt/medjax/blood", *GRIDS)


def expected(point, root="/mnt/medjax/blood"):
    ipc, width = point
    flags = [f"--config.ipc={ipc}", f"--config.net.width={width}"]
    return [CONFIG, *flags, f"--workdir={root}/ipc={ipc},net.width={width}"]


def dry_run(box, *args):
    done = box.run("sweep.sh", *args, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "") and box.calls() == []
    return done.stdout


def test_every_run_has_its_settings_and_workdir(box, parsed):
    lines = dry_run(box, "--local", *SHARED).splitlines()
    assert len(lines) == len(POINTS)
    for line, point in zip(lines, POINTS, strict=True):
        words = shlex.split(line)
        assert words[3:] == expected(point)
        config, workdir = parsed(words)
        assert (config["ipc"], config["net"]["width"]) == point
        assert workdir.name == f"ipc={point[0]},net.width={point[1]}"


def test_an_index_is_the_line_of_the_dry_run(box):
    lines = dry_run(box, "--local", *SHARED).splitlines()
    assert [dry_run(box, f"--index={i}", *SHARED).strip() for i in range(6)] == lines


def test_local_runs_all_in_order_with_what_comes_after_the_dashes(box):
    done = box.run("sweep.sh", "--local", *SHARED, "--", "--config.log_every=7")
    assert (done.returncode, done.stderr) == (0, "")
    python = ["python3", "-m", "medjax.launch"]
    assert box.calls() == [[*python, *expected(p), "--config.log_every=7"] for p in POINTS]


def test_local_continues_after_a_failure_and_says_so(box):
    box.stub("python3", "[[ $* != *ipc=10,net.width=16* ]] || exit 1")
    done = box.run("sweep.sh", "--local", *SHARED)
    assert done.returncode == 1 and len(box.calls("python3")) == 6
    assert "run 2 ended with status 1" in done.stderr and "1 of 6 runs failed" in done.stderr


@pytest.mark.parametrize("status", [130, 143])
def test_local_stops_where_a_run_was_stopped(box, status):
    box.stub("python3", f"exit {status}")
    assert box.run("sweep.sh", "--local", *SHARED).returncode == status
    assert len(box.calls("python3")) == 1


def test_the_environment_of_the_repository_is_preferred_and_python_wins(box):
    box.stub("own", path=box.root / ".venv/bin/python")
    box.run("sweep.sh", "--index=0", *SHARED)
    box.stub("other")
    box.run("sweep.sh", "--index=0", *SHARED, PYTHON="other")
    assert [call[0] for call in box.calls()] == ["own", "other"]


def test_an_index_becomes_the_run_itself(box):
    box.stub("python3", "echo $PPID; exit 143")
    command = ["bash", "launch/sweep.sh", "--index=5", *SHARED]
    with subprocess.Popen(
        command, cwd=box.root, env=box.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        parent = int(process.stdout.read())
    assert process.returncode == 143 and parent != process.pid


def test_slurm_submits_one_array_whose_elements_are_the_runs(box):
    done = box.run("sweep.sh", "--slurm", *SHARED, "--parallel=4", "--gpus=2", "--", "--x=1")
    assert (done.returncode, done.stderr) == (0, "")
    (call,) = box.calls()
    script = call.index("launch/slurm.sbatch")
    assert call[:script] == [
        *("sbatch", "--array=0-5%4", "--nodes=1", "--ntasks-per-node=2", "--gpus-per-node=2"),
        "--output=medjax-%A_%a.log",
    ]
    arguments = call[script + 1 :]
    assert arguments == [*SHARED, "--", "--x=1"]
    for i, point in enumerate(POINTS):
        words = shlex.split(dry_run_of(box, f"--index={i}", *arguments))
        assert words[3:] == [*expected(point), "--x=1"]


def dry_run_of(box, *args):
    at = args.index("--")
    return box.run("sweep.sh", "--dry-run", *args[:at], *args[at:]).stdout


def test_a_refused_submission_fails(box):
    box.stub("sbatch", "exit 1")
    box.stub("kubectl", "cat >/dev/null; exit 1")
    assert box.run("sweep.sh", "--slurm", *SHARED).returncode == 1
    assert box.run("sweep.sh", "--k8s", "--image=i", *SHARED).returncode == 1


def test_dry_runs_print_the_submission_and_every_run(box):
    slurm = dry_run(box, "--slurm", *SHARED).splitlines()
    assert slurm[0].startswith("sbatch --array=0-5 ") and len(slurm) == 7
    k8s = dry_run(box, "--k8s", "--image=i", *SHARED)
    assert k8s.startswith("kubectl create -f - <<END\n")
    assert k8s.splitlines()[-6:] == slurm[1:]


def test_k8s_makes_an_indexed_job(box, valid_job):
    box.stub("kubectl", "cat >manifest.yaml")
    done = box.run(
        "sweep.sh", "--k8s", "--image=r.org/m:1", "--claim=c", "--gpus=2", "--parallel=3", *SHARED
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert box.calls() == [["kubectl", "create", "-f", "-"]]
    manifest = yaml.safe_load((box.root / "manifest.yaml").read_text())
    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "Job")
    spec = manifest["spec"]
    valid_job(spec)
    assert (spec["completions"], spec["parallelism"]) == (6, 3)
    ignored = [rule["action"] for rule in spec["podFailurePolicy"]["rules"]]
    assert ignored == ["Ignore", "Ignore"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "r.org/m:1"
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "c"
    (script, index), args = container["command"], container["args"]
    assert index == "--index=$(RUN_INDEX)"
    assert container["env"][0]["name"] == "RUN_INDEX"
    for i, point in enumerate(POINTS):
        words = [script, index.replace("$(RUN_INDEX)", str(i)), *args, "--dry-run"]
        done = subprocess.run(
            ["bash", *words], cwd=box.root, env=box.environment(), capture_output=True, text=True
        )
        assert shlex.split(done.stdout)[3:] == expected(point)
