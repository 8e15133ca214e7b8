"""``medjax share pack``: makes the bundle of a finished run."""

import sys
from collections.abc import Sequence

from absl import flags

from medjax import store
from medjax.cli import messages
from medjax.cli.flags import parse_flags
from medjax.errors import UserError, printable
from medjax.share import archive
from medjax.share.bundle.finished import read_run
from medjax.share.bundle.packing import names_to_show, prepare

_USAGE = """Makes the bundle of a finished run: one zip file that describes itself.

  python -m medjax.share pack --workdir=runs/site_a --out=site_a.zip
  python -m medjax.share pack --workdir=runs/site_a --out=site_a.zip --sign=site_a.key --yes

The names of the site's own classes leave with it: they are shown before it is written. Nothing else
of the site does. Core-sets are patients' images and are refused; so are images that started from
real ones, or whose audit raised an alarm, unless the run was audited and --allow_real_init is
given."""
_YES = ("y", "yes")


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 the user did not agree.

    Raises:
      UserError: for a wrong flag, a run whose images must not leave, or a file that cannot be
        written.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("workdir", None, "folder of the finished run", values)
    flags.DEFINE_string("out", None, "file to write", values)
    flags.DEFINE_string("title", "", "what the bundle is called", values)
    flags.DEFINE_string("licence", "", "licence of the images, as in CC BY 4.0", values)
    flags.DEFINE_string("sign", None, "file of the private key that signs it", values)
    allowed = "packs what needs an audit once there is one, and in spite of an alarm"
    flags.DEFINE_bool("allow_real_init", False, allowed, values)
    flags.DEFINE_bool("yes", False, "agree to the names of classes without being asked", values)
    if not parse_flags(values, argv, usage=_USAGE):
        return messages.DONE
    for name, example in (("workdir", "runs/site_a"), ("out", "site_a.zip")):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --{name}={example}")
    key = None if values.sign is None else store.expand_user(values.sign)
    found = read_run(store.expand_user(values.workdir))
    made, card = prepare(
        found,
        title=values.title,
        licence=values.licence,
        allow_real_init=values.allow_real_init,
    )
    out = store.expand_user(values.out)
    store.require_writable(out)
    archive.check_replaceable(out)
    if not _agreed(names_to_show(found), agreed=values.yes):
        return messages.say("nothing was written", status=messages.FAILED)
    archive.write(out, made, key=key)
    signed = "unsigned" if key is None else "signed"
    print(f"{printable(out)} holds {card['images']['count']:,} images; it is {signed}.")
    for mark in card["privacy"]["marks"]:
        print(f"Its card says: {mark}.")
    return messages.DONE


def _agreed(names: Sequence[str], *, agreed: bool) -> bool:
    """Shows the names of a site's own classes, and returns whether they may leave."""
    if not names:
        return True
    print("These names of your classes leave with the bundle:")
    print(*(f"  {printable(name)}" for name in names), sep="\n")
    if agreed:
        return True
    if not sys.stdin or not sys.stdin.isatty():
        raise UserError("nobody can be asked whether these names may leave: add --yes if they may")
    print("May they leave? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in _YES
