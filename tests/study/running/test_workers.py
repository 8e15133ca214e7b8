"""Processes that do jobs: one core each, one job's death is its own, none outlives the study."""

import json
import os
import subprocess
import sys
import time

import pytest

from medjax.cli import startup, study_worker
from medjax.study.jobs import performing
from medjax.study.running.attempt import DONE, FAILED, Answer
from medjax.study.running.workers import Workers

MODULE = "medjax.cli.study_worker"
# Writes a line for each job, and the core and the threads that it has.
FAKE = """
import json, os, sys
for line in sys.stdin:
    job = json.loads(line)
    if job["settings"].get("dies"):
        os.kill(os.getpid(), 9)
    cores = sorted(os.sched_getaffinity(0)) if sys.argv[2:] else []
    print(json.dumps(["failed", f"{sys.argv[2:]} {os.environ.get('OMP_NUM_THREADS')}"]), flush=True)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A worker without libraries, which answers with what it was started with."""
    (tmp_path / "fake_worker.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "fake_worker"


def test_a_job_is_done_in_another_process(make_job, ran, tmp_path):
    job = make_job(3)
    with Workers(tmp_path, module=MODULE, count=1) as workers:
        (future,) = workers.start([job])
        assert future.result(timeout=120) == Answer(DONE)
    assert ran() == [3] and performing.read_record(performing.folder_in(tmp_path, job)) is not None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no affinity")
def test_each_of_several_has_a_core_and_one_thread(fake, make_job, tmp_path, monkeypatch):
    job = make_job(0)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 3})
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with Workers(tmp_path, module=fake, count=2) as workers:
        said = {future.result(timeout=60).reason for future in workers.start([job, job])}
    assert said <= {"['3'] 1", "['7'] 1"}
    with Workers(tmp_path, module=fake, count=None) as workers:
        assert workers.start([job])[0].result(timeout=60).reason == "[] None"


def test_a_process_that_dies_fails_its_job_alone(fake, make_job, tmp_path, monkeypatch):
    bad, good = make_job(0, dies=True), make_job(1)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Workers(tmp_path, module=fake, count=None) as workers:
        answer = workers.start([bad])[0].result(timeout=60)
        ended = "its process ended with SIGKILL, perhaps for lack of memory"
        assert answer == Answer(FAILED, ended)
        assert workers.start([good])[0].result(timeout=60).reason == "[] None"


def test_a_process_that_cannot_start_fails_its_job(make_job, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with Workers(tmp_path, module=MODULE, count=1) as workers:
        answer = workers.start([make_job(0)])[0].result(timeout=60)
    assert answer == Answer(FAILED, "cannot start a process: Cannot allocate memory")


def test_leaving_ends_a_job(make_job, ran, tmp_path):
    start = time.monotonic()
    with Workers(tmp_path, module=MODULE, count=1) as workers:
        (future,) = workers.start([make_job(0, sleep=300)])
        while not (tmp_path / "ran").exists():
            time.sleep(0.05)
    assert future.result(timeout=5).state == FAILED and time.monotonic() - start < 200


def test_a_process_is_set_up_once(make_job, tmp_path, monkeypatch):
    """JAX refuses another number of devices after the first job."""
    counted = []
    monkeypatch.setattr(startup, "set_up_jax", counted.append)
    study_worker._set_up.cache_clear()
    for seed in range(2):
        assert study_worker.do_job(make_job(seed).described(), str(tmp_path)) == [DONE, ""]
    study_worker._set_up.cache_clear()
    assert len(counted) == 1


def test_a_worker_ends_with_its_input_in_the_middle_of_a_job(make_job, tmp_path):
    command = [sys.executable, "-m", MODULE, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as worker:
        worker.stdin.write(json.dumps(make_job(0, sleep=300).described()) + "\n")
        worker.stdin.flush()
        while not (tmp_path / "ran").exists():
            time.sleep(0.05)
        worker.stdin.close()
        assert worker.wait(timeout=10) == 0
