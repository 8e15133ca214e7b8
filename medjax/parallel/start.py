"""Many processes: joining them through JAX's runtime, and ending when one is lost."""

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn

import jax

from medjax.errors import RunError, UserError, unknown

MODES = ("auto", "on", "off")
VARIABLES = ("MEDJAX_COORDINATOR", "MEDJAX_NUM_PROCESSES", "MEDJAX_PROCESS_ID")

# Seconds after which a process that does not answer, or does not start, counts as lost.
_HEARTBEAT_SECONDS = 30
_START_SECONDS = 300

# The runtime's errors when a message to or from another process fails.
_LOST = re.compile(
    r"(UNKNOWN|UNAVAILABLE|INTERNAL|ABORTED|CANCELLED|DEADLINE_EXCEEDED|FAILED_PRECONDITION): "
    r".*(gloo|nccl|rccl|coordination|heartbeat|peer|connection|socket|barrier|collective)",
    re.IGNORECASE | re.DOTALL,
)
_log = logging.getLogger("medjax")


class Cluster(NamedTuple):
    """The processes of one run; JAX detects every part that is ``None``.

    Attributes:
      coordinator: ``host:port`` of process 0.
      num_processes: number of processes.
      process_id: number of this process, from 0.
    """

    coordinator: str | None = None
    num_processes: int | None = None
    process_id: int | None = None


def find_cluster(mode: str, given: Cluster, environment: Mapping[str, str]) -> Cluster | None:
    """Finds the processes that this one runs with.

    Flags take precedence over the variables ``MEDJAX_COORDINATOR``, ``MEDJAX_NUM_PROCESSES`` and
    ``MEDJAX_PROCESS_ID``. Without either, ``auto`` looks for the variables that a SLURM step,
    ``mpirun`` or a TPU pod sets for more than one process, and JAX detects the rest.

    Args:
      mode: ``auto``, ``on`` (one of several, which JAX detects) or ``off`` (a single process).
      given: from the command line.
      environment: the environment variables, such as ``os.environ``.

    Returns:
      The cluster; ``None`` for a single process.

    Raises:
      UserError: for an unknown mode, or for some of the three parts without the others.

    Example:
      >>> find_cluster("auto", Cluster(), {"SLURM_JOB_ID": "7", "SLURM_STEP_NUM_TASKS": "4"})
      Cluster(coordinator=None, num_processes=None, process_id=None)
      >>> find_cluster("auto", Cluster(), {}) is None
      True
    """
    if mode not in MODES:
        raise unknown("distributed", mode, MODES)
    if mode == "off":
        return None
    found = Cluster(
        given.coordinator or environment.get(VARIABLES[0]),
        _number(given.num_processes, environment, VARIABLES[1]),
        _number(given.process_id, environment, VARIABLES[2]),
    )
    if found == Cluster():
        return found if mode == "on" or _is_one_of_several(environment) else None
    if found.coordinator is None or found.num_processes is None or found.process_id is None:
        raise UserError(
            "coordinator, num_processes and process_id belong together, got "
            + ", ".join(f"{name}={part}" for name, part in found._asdict().items())
        )
    if not 0 <= found.process_id < found.num_processes:
        raise UserError(
            f"process_id must be from 0 to {found.num_processes - 1} for num_processes="
            f"{found.num_processes}, got {found.process_id}"
        )
    return found


def join(cluster: Cluster) -> None:
    """Joins the other processes, before any other use of JAX.

    Args:
      cluster: from ``find_cluster``.

    Raises:
      UserError: if the other processes cannot be found or do not start in time.

    Example:
      >>> join(Cluster("localhost:1234", num_processes=1, process_id=0))  # doctest: +SKIP
    """
    try:
        jax.distributed.initialize(
            *cluster,
            # With a complete cluster, detection would query Kubernetes, or take a single GPU in a
            # SLURM step.
            cluster_detection_method="deactivate" if cluster.coordinator else None,
            heartbeat_timeout_seconds=_HEARTBEAT_SECONDS,
            initialization_timeout=_START_SECONDS,
        )
    except (ValueError, RuntimeError) as error:
        where = f" at {cluster.coordinator}" if cluster.coordinator else ""
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"cannot join the other processes{where}: {reason}") from error
    place, devices = (jax.process_index(), jax.process_count()), jax.device_count()
    _log.info("process %d of %d, with %d of %d devices", *place, jax.local_device_count(), devices)
    if jax.process_index() > 0:  # the first process logs for all
        _log.setLevel(logging.WARNING)


@contextlib.contextmanager
def distributed(mode: str, given: Cluster) -> Iterator[None]:
    """Runs a block in this process, which may be one of several.

    JAX handles SIGTERM itself once it has joined other processes, so set handlers inside the block.

    Args:
      mode: see ``find_cluster``.
      given: see ``find_cluster``.

    Yields:
      None, once all processes have joined.

    Raises:
      UserError: as ``find_cluster`` and ``join`` do.
      RunError: if another process is lost during the block.

    Example:
      >>> with distributed("off", Cluster()):
      ...     jax.process_count()
      1
    """
    cluster = find_cluster(mode, given, os.environ)
    if cluster is not None:
        join(cluster)
    try:
        yield
    except Exception as error:
        if not lost_peer(error):
            raise
        raise RunError(
            "lost another process and cannot continue without it; start all processes again with "
            "the same command to resume from the last checkpoint "
            f"({str(error).splitlines()[0]})"
        ) from error


def lost_peer(error: BaseException) -> bool:
    """Returns whether an error means that another process is lost.

    Args:
      error: an error from a computation over several processes.

    Returns:
      True for the errors of JAX's runtime in this case; always false for a single process.

    Example:
      >>> lost_peer(ValueError("UNKNOWN: Gloo all-reduce failed: Connection closed by peer"))
      False
    """
    if jax.process_count() == 1:
        return False
    link: BaseException | None = error
    while link is not None:  # it may be the cause of a failure to write a checkpoint
        if _LOST.search(str(link)):
            return True
        link = link.__cause__
    return False


def exit_process(status: int) -> NoReturn:
    """Ends this process, together with the others after success and at once after a failure.

    ``sys.exit`` would wait for the other processes, and crash if one of them is lost.

    Args:
      status: the exit status.

    Returns:
      Never.

    Example:
      >>> exit_process(0)
      Traceback (most recent call last):
      SystemExit: 0
    """
    if status == 0 or not jax.distributed.is_initialized():
        sys.exit(status)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _number(given: int | None, environment: Mapping[str, str], name: str) -> int | None:
    if given is not None or name not in environment:
        return given
    try:
        return int(environment[name])
    except ValueError:
        raise UserError(f"{name} must be a whole number, got {environment[name]!r}") from None


def _is_one_of_several(environment: Mapping[str, str]) -> bool:
    counts = [environment.get("OMPI_COMM_WORLD_SIZE", "1")]
    if "SLURM_JOB_ID" in environment:
        # The tasks of the step: sbatch sets those of the job for its script, which is not a task.
        counts.append(environment.get("SLURM_STEP_NUM_TASKS", "1"))
    hosts = environment.get("TPU_WORKER_HOSTNAMES", "").split(",")
    return len(hosts) > 1 or any(count.isdigit() and int(count) > 1 for count in counts)
