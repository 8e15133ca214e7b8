"""``python -m medjax.study collect``: joins the folders of shards, which shared nothing."""

from collections.abc import Sequence

from absl import flags

from medjax.cli import exits, messages
from medjax.cli.flags import parse_with_files
from medjax.cli.study import tell_results
from medjax.errors import UserError
from medjax.store import expand_user, require_writable

_USAGE = """Joins the folders of a study's shards: their results, one table and one page.

  python -m medjax.study collect runs/part0 runs/part1 --out=runs/study

With one folder that is also --out, it writes the table of what is finished there."""


@exits.command()
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 all jobs are there, 1 some are missing, 2 usage, 130 interrupted, 141
      nobody reads the output.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("out", None, "folder that gets everything", flag_values=values)
    names = parse_with_files(values, argv, usage=_USAGE)
    if names is None:
        return messages.DONE
    if not names or not values.out:
        raise UserError("folders or --out are missing, as in collect part0 part1 --out=study")
    from medjax.study.table.folder import bring, joined_study, write_study
    from medjax.study.table.results import write_results

    folders, out = list(map(expand_user, names)), expand_user(values.out)
    study = joined_study(folders)
    require_writable(out / "table.csv")
    missing = [job for job in study.jobs if not any([bring(out, job, source=f) for f in folders])]
    write_study(out, study)
    done = len(study.jobs) - len(missing)
    return tell_results(out, write_results(out, study), done=done, of=len(study.jobs))
