"""The order of jobs, failures, and jobs that another process does."""

import concurrent.futures

import pytest

from medjax.study.running import schedule
from medjax.study.running.attempt import BUSY, DONE, FAILED, Answer, attempt, log_of


class Here:
    """A place that does a job when it is asked to; some answers are given."""

    def __init__(self, workdir, *, room=1, answers=()):
        self.room, self.again, self.started = room, 0.05, []
        self._workdir, self._answers = workdir, list(answers)

    def start(self, jobs):
        assert len(jobs) <= self.room
        self.started += [job.seed for job in jobs]
        return [self._do(job) for job in jobs]

    def _do(self, job):
        future = concurrent.futures.Future()
        given = self._answers.pop(0) if self._answers else None
        future.set_result(given or attempt(job, self._workdir))
        return future


@pytest.fixture
def do(tmp_path):
    """``do(jobs)``: the jobs that failed, the seeds of those that were told of, and the place."""

    def do(jobs, **options):
        told, place = [], Here(tmp_path, **options)

        def tell(job, answer):
            told.append((job.seed, answer.state))

        failed = schedule.do_jobs(jobs, tmp_path, place, tell=tell)
        return {job.seed: reason for job, reason in failed.items()}, told, place

    return do


def test_jobs_are_done_in_order_and_needs_first(make_job, do, ran):
    last = make_job(2, needs=(make_job(1),))
    failed, told, _ = do([make_job(0), make_job(1), last])
    assert failed == {} and ran() == [0, 1, 2]
    assert told == [(seed, DONE) for seed in (0, 1, 2)]


def test_a_job_waits_for_its_need_while_others_are_done(make_job, do):
    _, _, place = do([make_job(0, needs=(make_job(9),)), make_job(1)], room=2)
    assert place.started == [9, 1, 0]


def test_what_jobs_need_is_done_though_it_is_not_among_them(make_job, do, ran):
    need = make_job(1, needs=(make_job(0),))
    do([make_job(2, needs=(need,))])
    assert ran() == [0, 1, 2]


def test_a_second_run_does_only_what_is_missing(make_job, do, ran):
    jobs = [make_job(seed) for seed in range(3)]
    do(jobs[1:2])
    _, told, _ = do(jobs)
    assert ran() == [1, 0, 2] and [seed for seed, _ in told] == [0, 2]


def test_a_failed_job_has_its_reason_and_the_rest_goes_on(make_job, do, ran, tmp_path):
    bad = make_job(0, fails=True)
    child = make_job(2, needs=(bad,))
    grandchild = make_job(3, needs=(child,))
    failed, told, _ = do([bad, make_job(1), child, grandchild])
    assert failed == {
        0: "of no use",
        2: "it needs x · dm · ipc 1 · seed 0, which failed",
        3: "it needs x · dm · ipc 1 · seed 2, which failed",
    }
    assert ran() == [0, 1] and dict(told)[1] == DONE and dict(told)[3] == FAILED
    assert "UserError: of no use" in log_of(bad, tmp_path).read_text()


def test_a_job_that_another_process_does_is_put_off(make_job, do, ran):
    _, told, place = do([make_job(0), make_job(1)], answers=[Answer(BUSY), None, Answer(BUSY)])
    assert place.started == [0, 1, 0, 0] and ran() == [1, 0]
    assert told == [(1, DONE), (0, DONE)]


def test_no_more_jobs_are_started_than_there_is_room_for(make_job, do):
    _, _, place = do([make_job(seed) for seed in range(5)], room=2)
    assert place.started == [0, 1, 2, 3, 4]


def test_an_error_that_is_no_message_is_named(make_job, do):
    job = make_job(0, log="/dev/null/ran")
    assert do([job])[0][0].startswith("NotADirectoryError: ")
