"""``medjax share show``: says in plain words what is in a bundle."""

from collections.abc import Sequence

from absl import flags

from medjax.cli import messages
from medjax.cli.flags import parse_with_files
from medjax.cli.share import bundle_file
from medjax.errors import UserError, printable
from medjax.share.archive.contents import texts
from medjax.share.bundle.card import check_card
from medjax.share.card_text import card_lines
from medjax.share.verification import verify_and_keep

_USAGE = """Says in plain words what is in a bundle, after checking every byte of it.

  python -m medjax.share show site_a.zip"""
_CARD = "card.json"


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0, or 1 if the bundle is not whole, its signature does not fit, or its card
      does not follow the schema.

    Raises:
      UserError: for a wrong flag, a file that cannot be read, or a bundle without a card.
    """
    files = parse_with_files(flags.FlagValues(), argv, usage=_USAGE)
    if files is None:
        return messages.DONE
    path = bundle_file.only(files, command="show")
    report, entries = verify_and_keep(path, names=[_CARD])
    if not report.ok:
        return messages.say(f"{path}: {report.sentences[-1]}", status=messages.FAILED)
    if _CARD not in entries:
        raise UserError(f"{path} has no {_CARD} that says what is in it")
    card = texts.parse_json(entries[_CARD])
    lines = [*report.sentences, "Its sender says:", *(f"  {line}" for line in card_lines(card))]
    print(*map(printable, lines), sep="\n")
    try:
        check_card(card, where="its card")
    except UserError as error:
        problem = f"{error}; load, merge, export and evaluate refuse this bundle"
        return messages.say(problem, status=messages.FAILED)
    return messages.DONE
