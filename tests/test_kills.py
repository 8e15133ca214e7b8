"""A run that is ended again and again, at random, leaves the bytes of one that never was.

The suite does it a few times. ``MEDJAX_KILLS=30 pytest tests/test_kills.py -s`` does it thirty
times, and prints what was hit when.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import jax

ROOT = pathlib.Path(__file__).resolve().parent.parent
KILLS = int(os.environ.get("MEDJAX_KILLS", "3"))
RANDOM = random.Random(int(os.environ.get("MEDJAX_KILLS_SEED", "0")))
SETTINGS = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=48,log_every=4,"
    "evaluation.every=12,evaluation.epochs=2,evaluation.whole_epochs=2,evaluation.networks=2,"
    "evaluation.select_networks=2,evaluation.augment=none,checkpoint.every_steps=5,"
    "checkpoint.every_minutes=0"
)
# Calls so short that a log interval takes several, and seldom the same.
SCRIPT = """
import sys
from medjax import launch, train
train._CALL_SECONDS = 0.005
sys.exit(launch.main(sys.argv))
"""
FINISHED, PREEMPTED, PATIENCE = 0, 128 + signal.SIGTERM, 120.0
COMPUTING = 2.5  # seconds that a run takes once it has started: no more than a guess


class Run:
    """One run in a folder, started as often as it takes."""

    def __init__(self, workdir, data):
        self.workdir, self.metrics = workdir, workdir / "metrics.jsonl"
        config = f"--config={ROOT}/configs/dm.py:{SETTINGS},{data}/set.npz"
        self._command = [sys.executable, "-c", SCRIPT, config, f"--workdir={workdir}"]

    def start(self):
        """Starts it, and returns when it is about to compute: the metrics are then cut anew."""
        before, patience = self._inode(), time.monotonic() + PATIENCE
        env = os.environ | {
            "XLA_FLAGS": "",
            "JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        self._child = subprocess.Popen(self._command, cwd=ROOT, env=env, **pipes)
        while self._inode() in (None, before) and self._child.poll() is None:
            assert time.monotonic() < patience
            time.sleep(0.001)

    def wait_for_write(self):
        """Waits until a checkpoint is being written, or the run has ended."""
        checkpoints = self.workdir / "checkpoints"
        while self._child.poll() is None:
            if any("orbax-checkpoint-tmp" in name for name in os.listdir(checkpoints)):
                return

    def end(self, number=None):
        """Sends a signal, if any; returns the status and the last line."""
        if number is not None:
            self._child.send_signal(number)
        _, said = self._child.communicate(timeout=PATIENCE)
        assert "Traceback" not in said, said
        assert self._child.returncode in (FINISHED, -(number or 0), PREEMPTED), said
        return self._child.returncode, said.strip().rpartition("\n")[-1]

    def result(self):
        """What must not depend on how the run came to its end."""
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
    if status != FINISHED:
        assert status == PREEMPTED
        assert line.startswith("medjax: preempted") and "the same command goes on" in line
        assert time.monotonic() - start < 10
    return status, line


def test_a_run_survives_whatever_ends_it(striped, tmp_path):
    straight = Run(tmp_path / "straight", striped)
    straight.start()
    assert straight.end()[0] == FINISHED
    expected = straight.result()
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
