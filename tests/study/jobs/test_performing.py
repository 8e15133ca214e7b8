"""Jobs: their names, and results that are whole or absent and are made once."""

import json
import multiprocessing
import time

import pytest

from medjax import store
from medjax.errors import UserError
from medjax.study.jobs import performing
from medjax.study.jobs.job import Job, described_job


def test_the_name_is_of_everything_that_decides_the_result(make_job):
    job = make_job(0)
    assert job.name == make_job(0).name and {job, make_job(0)} == {job}
    changed = [
        Job(**{**job.described(), "needs": (), **change})
        for change in (
            {"kind": "distil"}, {"seed": 1}, {"ipc": 2}, {"method": "dc"}, {"dataset": "y"},
            {"settings": {}}, {"data": "2e"}, {"source": "2e"}, {"needs": (make_job(1),)},
        )
    ]  # fmt: skip
    assert len({job.name, *(other.name for other in changed)}) == len(changed) + 1


def test_the_description_is_json_and_comes_back(make_job):
    job = make_job(0, needs=(make_job(1, needs=(make_job(2),)),), pair=(1, 2))
    assert described_job(json.loads(json.dumps(job.described()))) == job


def test_a_job_is_done_once_and_kept_whole(make_job, ran, tmp_path):
    job = make_job(3)
    assert performing.perform(job, tmp_path) and performing.perform(job, tmp_path)
    assert ran() == [3]
    folder = performing.folder_in(tmp_path, job)
    assert (folder / "made.txt").read_text() == "3"
    rows = performing.rows_of(performing.read_record(folder))
    assert [row.job for row in rows] == [job.name] * 3 and rows[0].values == (0.53,)
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [job.name]


DAMAGES = {
    "cut": lambda record: record[: len(record) // 2],
    "text for a score": lambda record: record.replace('"mean": 0.53', '"mean": "0.53"'),
    "no score": lambda record: record.replace('"mean": 0.53', '"mean": NaN'),
    "text for a count": lambda record: record.replace('"images": 2', '"images": "2"'),
    "no name": lambda record: record.replace('"dataset": "x"', '"dataset": null'),
    "of another job": lambda record: record.replace('"kind": "', '"kind": "other.'),
    "a list": lambda record: f"[{record}]",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_made_again(damage, make_job, ran, tmp_path):
    job = make_job(3)
    performing.perform(job, tmp_path)
    file = performing.folder_in(tmp_path, job) / "job.json"
    whole = file.read_text()
    file.write_text(damaged := DAMAGES[damage](whole))
    assert damaged != whole and performing.perform(job, tmp_path)
    assert ran() == [3, 3] and json.loads(file.read_text())["rows"] == json.loads(whole)["rows"]


def test_a_score_that_is_no_number_fails_its_job(make_job, tmp_path):
    job = make_job(3, mean="nan")
    with pytest.raises(ValueError, match="accuracy of dm on test is not a finite number"):
        performing.perform(job, tmp_path)
    assert performing.read_record(performing.folder_in(tmp_path, job)) is None


def test_a_job_that_fails_leaves_no_result_and_is_tried_again(make_job, ran, tmp_path):
    job = make_job(3, fails=True)
    for _ in range(2):
        with pytest.raises(UserError, match="of no use"):
            performing.perform(job, tmp_path)
    assert performing.read_record(performing.folder_in(tmp_path, job)) is None and ran() == [3, 3]


def test_leftovers_of_a_killed_process_are_removed(make_job, ran, tmp_path):
    job = make_job(3)
    part = tmp_path / "jobs" / f"{job.name}.part"
    part.mkdir(parents=True)
    (part / "half.npz").write_text("half")
    performing.perform(job, tmp_path)
    assert not (performing.folder_in(tmp_path, job) / "half.npz").exists()


def test_two_processes_never_do_the_same_job(make_job, ran, tmp_path):
    job = make_job(3, sleep=1.5)
    spawn = multiprocessing.get_context("spawn")
    first = spawn.Process(target=performing.perform, args=(job, tmp_path))
    first.start()
    while not (tmp_path / "ran").exists():
        time.sleep(0.02)
    assert performing.perform(job, tmp_path) is False  # at once, so that other jobs can be done
    first.join()
    assert performing.perform(job, tmp_path) and ran() == [3]


def test_a_lock_that_is_not_waited_for(tmp_path):
    with store.locked(tmp_path / "a", wait=False) as held:
        assert held


@pytest.mark.parametrize("name", ["distill", "counting"])
def test_an_unknown_kind(name):
    with pytest.raises(UserError, match="unknown kind of jobs"):
        performing.make_job(name, ("x", "dm", 1, 0), {}, data="1f")
