"""The folder of a study: its jobs, its table, and parts that are joined."""

import csv

import pytest

from medjax import store
from medjax.errors import UserError
from medjax.study.jobs import performing
from medjax.study.table import folder
from medjax.study.table.folder import Study
from medjax.study.table.results import write_results
from medjax.study.table.rows import COLUMNS


@pytest.fixture
def study(make_job):
    return Study({"ipc": [1]}, [make_job(seed) for seed in range(3)], ["none"])


def test_a_study_comes_back(study, tmp_path):
    folder.write_study(tmp_path, study)
    assert folder.read_study(tmp_path) == study


@pytest.mark.parametrize(
    "content", ["", "[]", '{"jobs": [{}]}', '{"config": 1, "jobs": [], "skipped": []}']
)
def test_a_damaged_study(content, tmp_path):
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(UserError, match=r"cannot read .*study\.json"):
        folder.read_study(tmp_path)


def test_the_table_has_what_is_finished_in_the_order_of_the_jobs(study, tmp_path):
    for job in study.jobs[:0:-1]:
        performing.perform(job, tmp_path)
    write_results(tmp_path, study)
    with open(tmp_path / "table.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS and COLUMNS == (
        "dataset", "method", "ipc", "seed", "split", "metric",
        "mean", "std", "n", "seconds", "images", "bytes", "job",
    )  # fmt: skip
    assert [row["seed"] for row in rows] == ["1"] * 3 + ["2"] * 3
    assert {row["job"] for row in rows} == {job.name for job in study.jobs[1:]}
    assert "2 of 3 jobs are finished. What is missing" in (tmp_path / "report.html").read_text()


def test_a_row_that_two_jobs_have_counts_once(make_job, tmp_path):
    made = [make_job(0), make_job(0, other="settings")]
    for job in made:
        performing.perform(job, tmp_path)
    rows = folder.finished_rows(made, tmp_path)
    assert {row.job for row in rows} == {made[0].name} and len(rows) == 3


def test_parts_are_joined(study, tmp_path):
    parts = [tmp_path / "a", tmp_path / "b"]
    for part, job in zip(parts, study.jobs, strict=False):
        folder.write_study(part, study)
        performing.perform(job, part)
    out = tmp_path / "out"
    assert folder.joined_study(parts) == study
    brought = [[folder.bring(out, job, source=part) for part in parts] for job in study.jobs]
    assert brought == [[True, True], [False, True], [False, False]]
    assert len(folder.finished_rows(study.jobs, out)) == 6
    assert (performing.folder_in(out, study.jobs[1]) / "made.txt").read_text() == "1"


def test_parts_of_different_studies_are_refused(study, make_job, tmp_path):
    folder.write_study(tmp_path / "a", study)
    folder.write_study(tmp_path / "b", study._replace(config={"ipc": [5]}, jobs=[make_job(7)]))
    folder.write_study(tmp_path / "c", study._replace(jobs=[make_job(8)]))
    with pytest.raises(UserError, match=r"b is part of another study than .*a: ipc is \[1\] there"):
        folder.joined_study([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(UserError, match="the data or the code differs"):
        folder.joined_study([tmp_path / "a", tmp_path / "c"])


def test_a_job_that_another_process_does_is_not_brought(study, tmp_path):
    out, part, job = tmp_path / "out", tmp_path / "a", study.jobs[0]
    performing.perform(job, part)
    with store.locked(performing.lock_of(job, out)):
        assert folder.bring(out, job, source=part) is False
    assert folder.bring(out, job, source=part)


def test_the_result_of_another_job_is_none(study, tmp_path):
    ours, theirs = (performing.folder_in(tmp_path, job) for job in study.jobs[:2])
    performing.perform(study.jobs[0], tmp_path)
    ours.rename(theirs)
    assert folder.finished_rows(study.jobs, tmp_path) == []
