"""The kind ``distil``: one run of the launcher, of one seed."""

import shutil
from pathlib import Path

from medjax.run.sources import SCORING
from medjax.study.grid.cell import config_of
from medjax.study.jobs import rules
from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import Kind
from medjax.study.statistics.summaries import WHOLE
from medjax.study.table.rows import Row
from medjax.study.table.scored import Made, on_network, scored_rows

RUN = "run"
"""The workdir of the run, in the folder of its job."""
# The job of the baselines has what the table needs of these.
_SHARED = ("random", "random_hard", "random_selected", "kcenter", "nothing", *WHOLE)


def run(job: Job, folder: Path) -> list[Row]:
    """Distils, or goes on from the last checkpoint; the baselines come from the cache.

    There are rows of the distilled set, and of random images of its form if that is another one
    than the images'.
    """
    from medjax.run import distill

    summary = distill.distill(config_of(job.settings["run"]), folder / RUN)
    shutil.rmtree(folder / RUN / "checkpoints", ignore_errors=True)
    seconds = summary["time"]["distill_s"] + summary["time"]["select_s"]
    stored = summary["num_images"], summary["stored_bytes"]
    scores = {"val": summary["val"], "test": summary["test"]}
    rows = scored_rows(job, Made(job.method, seconds, *stored), scores)
    val = summary["baselines_val"] or {}
    for name, test in summary["baselines"].items():
        if name not in _SHARED:
            made = Made(on_network(name, job), None, *stored)
            rows += scored_rows(job, made, {"val": val.get(name), "test": test})
    return rows


def _seconds(job: Job) -> float:
    return rules.distilling_seconds(job.settings)


KIND = Kind(
    run,
    _seconds,
    sources=(
        *SCORING,
        "run/distill.py",
        "run/experts.py",
        "run/judging/judgement.py",
        "run/judging/teaching.py",
        "run/state.py",
        "run/summary.py",
        "run/validation.py",
        "study/grid/distilling.py",
        "study/table/scored.py",
    ),
    distils=True,
    resumes=True,
)
