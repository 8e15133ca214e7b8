"""Jobs through submitit, in processes of this machine."""

import contextlib
import sys

import pytest

from medjax.cli.study_worker import do_job
from medjax.errors import UserError
from medjax.study.running import cluster, schedule
from medjax.study.running.attempt import DONE, Answer
from medjax.study.running.cluster import Cluster

submitit = pytest.importorskip("submitit", reason="needs submitit: pip install -e '.[slurm]'")


def test_jobs_are_done_and_failures_have_a_reason(make_job, ran, tmp_path):
    bad, jobs = make_job(0, fails=True), [make_job(1), make_job(2, needs=(make_job(1),))]
    options = {"timeout_min": 5, "slurm_partition": ""}
    with Cluster(tmp_path, name="local", do_job=do_job, options=options) as place:
        failed = schedule.do_jobs([bad, *jobs], tmp_path, place, tell=lambda *_: None)
    assert failed == {bad: "of no use"} and sorted(ran()) == [0, 1, 2]
    assert schedule.unfinished([bad, *jobs], tmp_path) == [bad]


def test_an_option_that_submitit_does_not_know(tmp_path):
    with pytest.raises(UserError, match=r"--cluster=local: .*coffee"):
        Cluster(tmp_path, name="local", do_job=do_job, options={"coffee": 1})


def test_without_submitit(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[slurm\]'"):
        Cluster(tmp_path, name="slurm", do_job=do_job, options={})


class Silent:
    """A job of a cluster that does not answer the first time."""

    asked = 0

    def done(self):
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("sacct: Unable to contact slurm controller")
        return True

    def result(self):
        return [DONE, ""]


class Executor:
    """An executor whose jobs are ``Silent``."""

    batch = contextlib.nullcontext

    def submit(self, *_):
        return Silent()


def test_a_cluster_that_does_not_answer_is_asked_again(make_job, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_executor", lambda *_: Executor())
    with Cluster(tmp_path, name="slurm", do_job=do_job, options={}) as place:
        (future,) = place.start([make_job(0)])
        assert future.result(timeout=60) == Answer(DONE)
