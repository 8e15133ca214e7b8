"""Two real processes on this machine: one run, one report, and no hang if one is lost."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from medjax import parallel

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=7,distill.num_networks=3,log_every=2,"
    "evaluation.every=4,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.select_networks=2"
)
METHOD = "distill.outer_loop=2,distill.inner_loop=1,distill.augment=crop_flip"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path, rng = tmp_path_factory.mktemp("data") / "set.npz", np.random.default_rng(0)
    patterns, arrays = np.stack(np.indices((8, 8)) // 2 % 2), {}
    for split, n in (("train", 40), ("val", 20), ("test", 20)):
        labels = np.arange(n, dtype=np.uint8) % 2
        images = 60 + 100 * patterns[labels] + rng.integers(0, 60, (n, 8, 8))
        arrays |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": labels}
    np.savez(path, **arrays)
    return path


@pytest.fixture
def start(dataset, tmp_path):
    """``start(workdir, processes, devices)`` starts the processes of a run, output in files."""
    started = []

    def run(workdir, processes, devices, *, words="iterations=4"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        flags = os.environ["XLA_FLAGS"]
        environment = {
            **os.environ,
            "XLA_FLAGS": f"{flags} --xla_force_host_platform_device_count={devices}",
            "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
            "PYTHONPATH": str(ROOT),
        }
        if processes > 1:
            environment["MEDJAX_COORDINATOR"] = f"127.0.0.1:{port}"
            environment["MEDJAX_NUM_PROCESSES"] = str(processes)
        arg = f"{dataset},{TINY},{METHOD},{words}"
        command = [sys.executable, "-m", "medjax.launch", f"--workdir={workdir}"]
        command.append(f"--config={ROOT}/configs/dsa.py:{arg}")
        for index in range(processes):
            with open(tmp_path / f"said_{index}", "w") as said:
                own = {"MEDJAX_PROCESS_ID": str(index)} if processes > 1 else {}
                own = environment | own
                started.append(subprocess.Popen(command, env=own, stdout=said, stderr=said))
        return started[-processes:]

    yield run
    for process in started:
        process.kill()
        process.wait()


def said(tmp_path, index):
    return (tmp_path / f"said_{index}").read_text()


def until(condition, tmp_path):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, said(tmp_path, 0) + said(tmp_path, 1)
        time.sleep(0.1)


def until_said(text, tmp_path):
    until(lambda: text in said(tmp_path, 0), tmp_path)


def test_two_processes_are_one_run(start, tmp_path):
    (alone,) = start(tmp_path / "one", 1, 2)
    assert alone.wait(300) == 0, said(tmp_path, 0)
    distributed = start(tmp_path / "two", 2, 1)
    assert [p.wait(300) for p in distributed] == [0, 0], said(tmp_path, 0) + said(tmp_path, 1)
    first, second = said(tmp_path, 0), said(tmp_path, 1)
    assert "process 0 of 2, with 1 of 2 devices" in first and "report.html" in first
    assert "step 2/4" in first and "step 2/4" not in second and "report.html" not in second
    for name in ("metrics.jsonl", "report.html", "summary.json", "images", "checkpoints"):
        assert (tmp_path / "two" / name).exists()
    ours, theirs = (np.load(tmp_path / w / "synthetic.npz")["images"] for w in ("two", "one"))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("victim", [1, 0])
def test_a_lost_process_ends_the_others(start, tmp_path, victim):
    """A process is killed; the error of the other says that the same command resumes the run."""
    endless = "iterations=1000000,evaluation.every=1000000,log_every=1000,checkpoint.every_steps=20"
    workdir = tmp_path / "run"
    processes = start(workdir, 2, 1, words=endless)
    until(lambda: any(p.name.isdigit() for p in workdir.glob("checkpoints/*")), tmp_path)
    processes[victim].send_signal(signal.SIGKILL)
    killed = time.monotonic()
    status = processes[1 - victim].wait(60)
    assert time.monotonic() - killed < 60
    last = said(tmp_path, 1 - victim)
    if status == -signal.SIGABRT:
        # Between two messages, JAX's runtime may notice first that process 0 is gone.
        assert victim == 0 and "This most likely indicates that another task died" in last
    else:
        assert status == 1
        (line,) = [text for text in last.splitlines() if text.startswith("medjax: lost another")]
        assert "the same command to resume from the last checkpoint" in line
        assert last.splitlines()[-1] == line


def test_sigterm_to_one_saves_in_all_and_all_resume(start, tmp_path):
    endless = "iterations=1000000,evaluation.every=1000000,log_every=10"
    processes = start(tmp_path / "run", 2, 1, words=endless)
    until_said("step 10/", tmp_path)
    processes[1].terminate()
    assert [p.wait(60) for p in processes] == [143, 143]
    steps = [p.name for p in (tmp_path / "run" / "checkpoints").iterdir() if p.name.isdigit()]
    last = max(map(int, steps))
    assert f"preempted at step {last};" in said(tmp_path, 0)
    again = start(tmp_path / "run", 2, 1, words=endless)
    until_said(f"step {last // 10 * 10 + 20}/", tmp_path)
    assert f"resuming from step {last}\n" in said(tmp_path, 0)
    again[0].terminate()
    assert [p.wait(60) for p in again] == [143, 143]


def test_a_single_process_reports_for_itself(tmp_path):
    assert parallel.is_first() and parallel.of_all_processes([4, 0]).tolist() == [[4, 0]]
    with parallel.reports_folder(tmp_path) as folder:
        assert folder == tmp_path


def test_only_the_first_process_reports(tmp_path, monkeypatch):
    monkeypatch.setattr("jax.process_index", lambda: 1)
    with parallel.reports_folder(tmp_path) as folder:
        assert folder != tmp_path and folder.is_dir()
    assert not folder.exists()
