"""A kind of jobs that costs nothing: its score is a function of its description."""

import os
import time

from medjax.errors import UserError
from medjax.study.jobs.kinds import Kind
from medjax.study.table.rows import METRICS, Row


def run(job, folder):
    """Logs that it ran, waits or fails as its settings say, and returns rows of a made-up score."""
    with open(job.settings["log"], "a") as log:
        log.write(f"{job.seed}\n")
    time.sleep(job.settings.get("sleep", 0))
    if job.settings.get("fails"):
        raise UserError("of no use")
    if job.settings.get("dies"):
        os._exit(3)
    (folder / "made.txt").write_text(str(job.seed))
    mean = float(job.settings.get("mean", 0.5 + job.seed / 100))
    made = job.dataset, job.method, job.ipc, job.seed
    return [Row(*made, "test", m, mean, 0.0, 1, 1.0, 2, 8, values=(mean,)) for m in METRICS]


KIND = Kind(run, lambda job: 2.0, sources=("errors.py",))
