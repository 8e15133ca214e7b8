"""``medjax share merge``: makes one bundle of those of several sites."""

from collections.abc import Sequence

from absl import flags

from medjax import share, store
from medjax.cli import messages
from medjax.cli.flags import parse_with_files
from medjax.errors import UserError, printable

_USAGE = """Makes one bundle of those of several sites, whose images have one size and preparation.

  python -m medjax.share merge site_a.zip site_b.zip --out=both.zip

Labels are matched by the names of the classes. Each site's images stay normalised by its own mean
and standard deviation, which the card keeps."""


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status, 0.

    Raises:
      UserError: for a wrong flag, bundles that do not fit together, or a file that cannot be
        written.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("out", None, "file to write", values)
    flags.DEFINE_string("title", "", "what the bundle is called", values)
    flags.DEFINE_string("sign", None, "file of the private key that signs it", values)
    files = parse_with_files(values, argv, usage=_USAGE)
    if files is None:
        return messages.DONE
    if not values.out:
        raise UserError("--out is missing, as in --out=both.zip")
    key = None if values.sign is None else store.expand_user(values.sign)
    card = share.merge(files, values.out, title=values.title, key=key)
    parts, count = len(card["merged_from"]), card["images"]["count"]
    print(f"{printable(values.out)} holds {count:,} images of {parts} parts.")
    if all(name == str(label) for label, name in enumerate(card["data"]["classes"])):
        print("Their classes have no names: each number is taken for the same class at all sites.")
    return messages.DONE
