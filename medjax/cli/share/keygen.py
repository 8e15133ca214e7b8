"""``medjax share keygen``: makes the keys of a site."""

from collections.abc import Sequence

from absl import flags

from medjax import errors, store
from medjax.cli import messages
from medjax.cli.flags import parse_flags
from medjax.share import signing

_USAGE = """Makes a private key that signs the bundles of a site, and the public key that shows it.

  python -m medjax.share keygen --out=site_a.key

makes site_a.key, which stays at the site, and site_a.key.pub. Neither replaces a file."""


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status, 0.

    Raises:
      UserError: for a wrong flag, a file that exists or cannot be written, or a missing library.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("out", None, "file of the private key to make", values)
    if not parse_flags(values, argv, usage=_USAGE):
        return messages.DONE
    if not values.out:
        raise errors.UserError("--out is missing, as in --out=site_a.key")
    path = store.expand_user(values.out)
    made, name = signing.make_keys(path), errors.printable(path)
    print(f"{name} is the private key: it stays here, and whoever has it signs as you.")
    print(f"{name}.pub is the public key: give it to those who receive your bundles.")
    print(f"Its fingerprint is {made}")
    print("Tell it to them by another way than the bundle, such as by telephone.")
    return messages.DONE
