"""The launcher: ``python -m medjax.launch --config=configs/dm_breast.py --workdir=runs/breast``."""

import logging
import os
import sys
import warnings
from collections.abc import Sequence

from medjax import parallel
from medjax.cli import command_line, startup
from medjax.errors import PreemptedError, RunError, UserError
from medjax.run.preemption import STATUS, Preemption


def main(argv: Sequence[str]) -> int:
    """Runs the launcher.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 the run failed, 2 usage, 130 interrupted, 143 preempted.

    Example:
      >>> main(["launch", "--workdir=runs/dm"])  # writes one line to standard error
      2
    """
    warnings.showwarning = _show_warning
    logger = logging.getLogger("medjax")
    logger.handlers, logger.propagate = [_Said()], False
    logger.setLevel(logging.INFO)
    try:
        if (options := command_line.parse(argv)) is None:
            return 0
        startup.set_up_jax(os.environ)
        with parallel.distributed(options.distributed, options.cluster), Preemption() as preemption:
            return _run(options, preemption)
    except UserError as error:
        return _say(error, 2)
    except (RunError, OSError) as error:  # a disk can fail anywhere
        return _say(error, 1)
    except PreemptedError as error:
        return _say(error, STATUS)
    except KeyboardInterrupt:
        return _say("interrupted; the same command resumes from the last checkpoint", 130)


def _run(options: command_line.Options, preemption: Preemption) -> int:
    # Imported late: help and a wrong command line need not wait for it.
    from medjax.run import distill, report

    summary = distill.distill(options.config, options.workdir, preemption=preemption)
    if parallel.is_first():
        print(
            f"\n{report.results_table(summary)}\n\n{options.workdir}/report.html has the details."
        )
    return 0


def _say(message: object, status: int) -> int:
    print(f"medjax: {message}", file=sys.stderr)
    return status


class _Said(logging.Handler):
    """Log records as lines like any other of the launcher."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage(), 0)


def _show_warning(message, *_args, **_options) -> None:
    _say(f"warning: {message}", 0)


if __name__ == "__main__":
    parallel.exit_process(main(sys.argv))
