"""The processes of one run, and the errors that mean that one is lost."""

import pytest

from medjax import parallel
from medjax.errors import UserError
from medjax.parallel import Cluster

ALONE, GIVEN = Cluster(), Cluster("host:1234", 4, 2)


@pytest.mark.parametrize(
    "environment",
    [
        {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "2"},
        {"OMPI_COMM_WORLD_SIZE": "2"},
        {"TPU_WORKER_HOSTNAMES": "a,b"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_several_processes_are_detected_unless_switched_off(environment):
    assert parallel.find_cluster("auto", ALONE, environment) == ALONE
    assert parallel.find_cluster("off", ALONE, environment) is None
    assert parallel.find_cluster("off", GIVEN, environment) is None


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "1"},
        {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4"},  # the script of a job, which is not a task
        {"OMPI_COMM_WORLD_SIZE": "1"},
        {"TPU_WORKER_HOSTNAMES": "a"},
    ],
    ids=str,
)
def test_a_single_process(environment):
    assert parallel.find_cluster("auto", ALONE, environment) is None
    assert parallel.find_cluster("on", ALONE, environment) == ALONE


def test_flags_take_precedence():
    environment = {
        "MEDJAX_COORDINATOR": "other:1",
        "MEDJAX_NUM_PROCESSES": "8",
        "MEDJAX_PROCESS_ID": "5",
    }
    assert parallel.find_cluster("auto", ALONE, environment) == Cluster("other:1", 8, 5)
    assert parallel.find_cluster("auto", GIVEN, environment) == GIVEN
    mixed = Cluster(None, None, 6)
    assert parallel.find_cluster("auto", mixed, environment) == Cluster("other:1", 8, 6)


@pytest.mark.parametrize(
    ("mode", "given", "environment", "message"),
    [
        ("maybe", ALONE, {}, r"unknown distributed 'maybe'.*auto, on, off"),
        ("auto", Cluster("host:1"), {}, r"belong together, got coordinator=host:1, num_proc"),
        ("auto", ALONE, {"MEDJAX_PROCESS_ID": "0"}, r"belong together, got coordinator=None"),
        ("auto", Cluster("host:1", 2, 2), {}, r"process_id must be from 0 to 1 .*got 2"),
        ("auto", ALONE, {"MEDJAX_NUM_PROCESSES": "two"}, r"MEDJAX_NUM_PROCESSES .* got 'two'"),
    ],
    ids=str,
)
def test_an_invalid_cluster_is_refused(mode, given, environment, message):
    with pytest.raises(UserError, match=message):
        parallel.find_cluster(mode, given, environment)


LOST = [
    "UNKNOWN: Gloo all-reduce failed: [pair.cc:547] Connection closed by peer [127.0.0.1]:426",
    "INTERNAL: NCCL operation ncclGroupEnd() failed: remote process exited or there was a",
    "UNAVAILABLE: The following tasks are unhealthy (stopped sending heartbeats):\n1",
]


@pytest.mark.parametrize("text", LOST)
def test_a_lost_process_is_distinguished_from_other_errors(monkeypatch, text):
    assert not parallel.lost_peer(ValueError(text))  # a single process here
    monkeypatch.setattr("jax.process_count", lambda: 2)
    assert parallel.lost_peer(ValueError(text))
    assert not parallel.lost_peer(ValueError("labels must lie between 0 and 1"))
    assert not parallel.lost_peer(RuntimeError("RESOURCE_EXHAUSTED: out of memory"))


def test_a_lost_process_can_be_the_cause(monkeypatch):
    monkeypatch.setattr("jax.process_count", lambda: 2)
    error = UserError("cannot write checkpoints in w: the barrier failed")
    error.__cause__ = RuntimeError(LOST[2])
    assert parallel.lost_peer(error)
