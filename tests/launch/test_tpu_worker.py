"""tpu_worker.sh with stubs of what it installs and mounts."""

import subprocess
import time

import pytest

FLAGS = ("--config=configs/dm.py:bloodmnist", "--workdir=/mnt/medjax/runs/a b")


@pytest.fixture
def worker(box):
    box.stub("uv", path=box.home / ".local/bin/uv")
    box.stub("python", path=box.home / "medjax_venv/bin/python")
    return box


def words(box):
    return [" ".join(call) for call in box.calls()]


def test_set_up_mounts_a_bucket_and_installs(worker):
    worker.stub("mountpoint", "exit 1")
    done = worker.run("tpu_worker.sh", "setup", "gs://bucket")
    assert (done.returncode, done.stderr) == (0, "")
    (mounted,) = worker.calls("gcsfuse")
    assert mounted[-2:] == ["bucket", "/mnt/medjax"] and "--metadata-cache-ttl-secs=0" in mounted
    assert any(word.startswith("--rename-dir-limit=") for word in mounted)
    assert "python3 -m pip install --quiet --user uv" in words(worker)
    python = worker.home / "medjax_venv/bin/python"
    assert f"uv pip install --quiet --python={python} .[tpu]" in words(worker)
    assert not any("venv --quiet" in line for line in words(worker))


def test_set_up_makes_the_environment_once(worker):
    (worker.home / "medjax_venv/bin/python").unlink()
    assert worker.run("tpu_worker.sh", "setup", "gs://bucket").returncode == 0
    assert f"uv venv --quiet --python=3.12 {worker.home}/medjax_venv" in words(worker)
    assert worker.calls("gcsfuse") == []  # the stub of mountpoint says that it is mounted


def test_set_up_mounts_an_export(worker):
    worker.stub("mountpoint", "exit 1")
    worker.stub("mount.nfs")
    assert worker.run("tpu_worker.sh", "setup", "10.0.0.2:/share").returncode == 0
    assert "sudo mount -t nfs 10.0.0.2:/share /mnt/medjax" in words(worker)


def test_set_up_stops_where_something_fails(worker):
    worker.stub("mountpoint", "exit 1")
    worker.stub("gcsfuse", "exit 3")
    assert worker.run("tpu_worker.sh", "setup", "gs://bucket").returncode == 3
    assert worker.calls("uv") == []


def test_run_becomes_the_launcher(worker):
    body = 'echo "$$ $(cat ~/medjax.pid) $MEDJAX_DATA_DIR $JAX_COMPILATION_CACHE_DIR"; exit 143'
    worker.stub("python", body, path=worker.home / "medjax_venv/bin/python")
    done = worker.run("tpu_worker.sh", "run", *FLAGS)
    process, noted, *folders = done.stdout.split()
    assert done.returncode == 143 and process == noted
    assert folders == ["/mnt/medjax/data", "/mnt/medjax/cache"]
    assert worker.calls("python") == [["python", "-m", "medjax.launch", "--distributed=on", *FLAGS]]


def test_run_wants_the_storage(worker):
    worker.stub("mountpoint", "exit 1")
    done = worker.run("tpu_worker.sh", "run", *FLAGS)
    assert done.returncode == 2 and "/mnt/medjax is not mounted" in done.stderr
    assert worker.calls("python") == []


def test_an_earlier_run_may_save_before_the_next_one_starts(worker):
    saves = "trap 'sleep 0.3; touch saved; exit 143' TERM; touch started; sleep 20 & wait"
    command = ["bash", "-c", saves, "medjax.launch"]
    earlier = subprocess.Popen(command, cwd=worker.home)
    while not (worker.home / "started").exists():
        time.sleep(0.02)
    (worker.home / "medjax.pid").write_text(str(earlier.pid))
    start = subprocess.Popen(
        ["bash", "launch/tpu_worker.sh", "run", *FLAGS],
        cwd=worker.root,
        env=worker.environment(),
    )
    assert earlier.wait(timeout=10) == 143 and (worker.home / "saved").exists()
    assert start.wait(timeout=10) == 0 and len(worker.calls("python")) == 1


def test_a_process_that_is_none_of_ours_is_left_alone(worker):
    other = subprocess.Popen(["sleep", "20"])
    (worker.home / "medjax.pid").write_text(str(other.pid))
    assert worker.run("tpu_worker.sh", "run", *FLAGS).returncode == 0
    assert other.poll() is None
    other.kill()
    other.wait()
