"""Whatever ends a run, the same command resumes it to the bytes of an uninterrupted run.

The suite ends one at random a few times. ``MEDJAX_KILLS=30 pytest tests/run/test_survival.py -s``
does it thirty times, and prints what was hit when; ``MEDJAX_KILLS_SEED`` is another thirty.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import jax
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("MEDJAX_KILLS", "3"))
RANDOM = random.Random(int(os.environ.get("MEDJAX_KILLS_SEED", "0")))
SETTINGS = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=48,log_every=4,"
    "evaluation.every=12,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.networks=2,"
    "evaluation.select_networks=2,evaluation.augment=none,checkpoint.every_steps=5,"
    "checkpoint.every_minutes=0"
)
# Calls so short that a log interval takes several, and seldom the same.
SCRIPT = """
import functools, sys
from medjax import launch
from medjax.run import distill
distill.Pace = functools.partial(distill.Pace, call_seconds=0.005)
sys.exit(launch.main(sys.argv))
"""
FINISHED, PREEMPTED, PATIENCE = 0, 128 + signal.SIGTERM, 120.0
COMPUTING = 2.5  # seconds that a run takes once it has started: no more than a guess


class Run:
    """One run in a folder, started as often as needed."""

    def __init__(self, workdir, data):
        self.workdir, self.metrics = workdir, workdir / "metrics.jsonl"
        config = f"--config={ROOT}/configs/dm.py:{SETTINGS},{data}/set.npz"
        self._command = [sys.executable, "-c", SCRIPT, config, f"--workdir={workdir}"]

    def start(self, largest_file=None):
        """Starts it, and returns when it is about to compute: it then truncates the metrics."""
        before, patience = self._inode(), time.monotonic() + PATIENCE
        env = os.environ | {
            "XLA_FLAGS": "",
            "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        limit = "" if largest_file is None else f"ulimit -f {largest_file}; "
        command = ["bash", "-c", f'{limit}exec "$0" "$@"', *self._command]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        self._child = subprocess.Popen(command, cwd=ROOT, env=env, **pipes)
        while self._inode() in (None, before) and self._child.poll() is None:
            assert time.monotonic() < patience
            time.sleep(0.001)

    def wait_for_write(self):
        """Waits until a checkpoint is being written, or the run has ended."""
        checkpoints = self.workdir / "checkpoints"
        while self._child.poll() is None:
            if any("orbax-checkpoint-tmp" in name for name in os.listdir(checkpoints)):
                return

    def end(self, number=None, statuses=(FINISHED, PREEMPTED)):
        """Sends a signal, if any; returns the status and the last line."""
        if number is not None:
            self._child.send_signal(number)
        _, said = self._child.communicate(timeout=PATIENCE)
        assert "Traceback" not in said, said
        assert self._child.returncode in (*statuses, -(number or 0)), said
        return self._child.returncode, said.strip().rpartition("\n")[-1]

    def result(self):
        """What must not depend on how the run ended."""
        summary = json.loads((self.workdir / "summary.json").read_text())
        del summary["time"]
        files = [self.workdir / name for name in ("synthetic.npz", "metrics.jsonl")]
        return [*(file.read_bytes() for file in files), summary]

    def _inode(self):
        try:
            return self.metrics.stat().st_ino
        except FileNotFoundError:
            return None


def kill_in_a_write(run):
    run.wait_for_write()
    time.sleep(RANDOM.choice([0, RANDOM.uniform(0, 0.03)]))
    return run.end(signal.SIGKILL)


def kill(run):
    time.sleep(RANDOM.uniform(0, COMPUTING))
    return run.end(signal.SIGKILL)


def preempt(run):
    time.sleep(RANDOM.uniform(0, COMPUTING))
    start = time.monotonic()
    status, line = run.end(signal.SIGTERM)
    seconds = time.monotonic() - start
    if status != FINISHED:
        assert status == PREEMPTED and seconds < 10
        assert line.startswith("medjax: preempted") and "the same command resumes" in line
    return status, f"{line}, within {seconds:.2f} s"


@pytest.fixture(scope="module")
def expected(striped, tmp_path_factory):
    """The result of a run that nothing stopped."""
    run = Run(tmp_path_factory.mktemp("straight") / "run", striped)
    run.start()
    assert run.end()[0] == FINISHED
    return run.result()


def test_killed_or_preempted_at_any_moment(expected, striped, tmp_path):
    hits, ended, runs = (kill_in_a_write, preempt, kill), Counter(), 0
    while ended.total() < KILLS:
        run, status, runs = Run(tmp_path / f"run_{runs}", striped), None, runs + 1
        while status != FINISHED:
            run.start()
            hit = hits[ended.total() % len(hits)] if ended.total() < KILLS else Run.end
            start = time.monotonic()
            status, line = hit(run)
            if status != FINISHED:
                ended[hit.__name__] += 1
                print(f"{hit.__name__} after {time.monotonic() - start:.2f} s: {line}")
        assert run.result() == expected
    print(f"{runs} runs ended early by {dict(ended)}")


def test_a_full_disk_is_one_line(expected, striped, tmp_path):
    run = Run(tmp_path / "run", striped)
    run.start(largest_file=100)  # blocks of 1024 bytes
    line = f"medjax: cannot write checkpoints in {run.workdir}/checkpoints: File too large"
    assert run.end(statuses=[2]) == (2, line)
    run.start()
    assert run.end()[0] == FINISHED
    assert run.result() == expected


def test_data_that_vanished_is_one_line(expected, striped, tmp_path):
    data = shutil.copytree(striped, tmp_path / "data")
    run = Run(tmp_path / "run", data)
    run.start()
    run.wait_for_write()
    run.end(signal.SIGTERM)
    (data / "set.npz").rename(data / "away.npz")
    run.start()
    assert run.end(statuses=[2]) == (2, f"medjax: no data file {data}/set.npz")
    (data / "away.npz").rename(data / "set.npz")
    run.start()
    assert run.end()[0] == FINISHED
    assert run.result()[:2] == expected[:2]  # the summary says where the data lay
