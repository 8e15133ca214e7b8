"""``python -m medjax.study indicator``: whether indicators predict the gains in a table."""

from collections.abc import Sequence

from absl import flags

from medjax.cli import exits, messages
from medjax.cli.flags import parse_flags
from medjax.errors import UserError
from medjax.store import expand_user, write_bytes

_USAGE = """Says whether an indicator, measured before distilling, predicts what distilling gained.

  python -m medjax.study indicator --study=runs/study
  python -m medjax.study indicator --study=runs/study --method=dsa --ipc=50 --out=indicator.md

Each data set is predicted from all others, and all residuals are printed. docs/STUDY.md defines the
indicators and names the primary one. Mixed sets with minor and great variation are compared."""


@exits.command()
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 2 usage, 130 interrupted, 141 nobody reads the output.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("study", None, "folder of the study", flag_values=values)
    flags.DEFINE_string("method", "dm", "what was distilled with", flag_values=values)
    flags.DEFINE_integer("ipc", 10, "images per class", flag_values=values)
    flags.DEFINE_string("out", None, "file to write as well", flag_values=values)
    if not parse_flags(values, argv, usage=_USAGE):
        return messages.DONE
    if not values.study:
        raise UserError("--study is missing: the folder of a study, as in --study=runs/study")
    from medjax.study.predict.outcomes import outcomes_of
    from medjax.study.predict.text import verdict_markdown
    from medjax.study.predict.variation import variation_markdown
    from medjax.study.table.rows import read_tables

    rows = read_tables(expand_user(values.study))
    outcomes = outcomes_of(rows, method=values.method, ipc=values.ipc)
    text = verdict_markdown(outcomes, method=values.method, ipc=values.ipc)
    if mixed := variation_markdown(outcomes):
        text += f"\nVariation of mixed sets, at equal ipc and number of classes:\n\n{mixed}"
    if values.out:
        write_bytes(expand_user(values.out), text.encode())
    print(text, end="")
    return messages.DONE
