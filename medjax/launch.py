"""The launcher: ``python -m medjax.launch --config=configs/dm_breast.py --workdir=runs/breast``."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from medjax import parallel
from medjax.cli import command_line, messages, pipes, startup
from medjax.errors import PreemptedError, RunError, UserError, printable
from medjax.run.preemption import STATUS, Preemption


@pipes.ends_quietly
def main(argv: Sequence[str]) -> int:
    """Runs the launcher.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 the run failed, 2 usage, 130 interrupted, 141 nobody
      reads the output, 143 preempted.

    Example:
      >>> main(["launch", "--workdir=runs/dm"])  # writes one line to standard error
      2
    """
    messages.use_stand_ins()
    messages.show_warnings()
    messages.show_log()
    options = None
    try:
        if (options := command_line.parse(argv)) is None:
            return messages.DONE
        startup.set_up_jax(os.environ)
        with parallel.distributed(options.distributed, options.cluster), Preemption() as preemption:
            return _run(options, preemption)
    except UserError as error:
        return messages.say(error, status=messages.USAGE)
    except BrokenPipeError:
        raise
    except (RunError, OSError) as error:  # a disk can fail anywhere
        return messages.say(error, status=messages.FAILED)
    except PreemptedError as error:
        return messages.say(error, status=STATUS)
    except KeyboardInterrupt:
        saved = options is not None and _has_checkpoint(options.workdir)
        what = "resumes from the last checkpoint" if saved else "starts again, nothing was saved"
        return messages.say(f"interrupted; the same command {what}", status=messages.INTERRUPTED)


def _has_checkpoint(workdir: Path) -> bool:
    folders = [workdir / "checkpoints", *workdir.glob("seed_*/checkpoints")]
    entries = [entry for folder in folders if folder.is_dir() for entry in folder.iterdir()]
    return any(entry.name.isdecimal() for entry in entries)


def _run(options: command_line.Options, preemption: Preemption) -> int:
    # Imported late, so that --help and a wrong command line are answered at once.
    from medjax.run import report, seeds

    summary = seeds.distill_seeds(options.config, options.workdir, preemption=preemption)
    if parallel.is_first():
        make_table = report.seeds_table if "seeds" in summary else report.results_table
        said = [make_table(summary), *report.learners.said(summary)]
        page = printable(options.workdir / "report.html")
        print("", *said, "", f"{page} has the details.", sep="\n")
    return messages.DONE


if __name__ == "__main__":
    parallel.exit_process(main(sys.argv))
