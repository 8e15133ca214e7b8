"""``medjax share verify``: checks every byte of a bundle, and who signed it."""

from collections.abc import Sequence

from absl import flags

from medjax import share, store
from medjax.cli import messages
from medjax.cli.flags import parse_with_files
from medjax.cli.share import bundle_file
from medjax.errors import printable

_USAGE = """Checks every byte of a bundle, and who signed it. The exit code is 0 if all is well.

  python -m medjax.share verify site_a.zip
  python -m medjax.share verify site_a.zip --key=site_a.key.pub
  python -m medjax.share verify site_a.zip --key=SHA256:4f5a…

The key, or its fingerprint, must have come from the sender by another way than the bundle."""


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 if the bundle is whole and signed by the key asked for, else 1.

    Raises:
      UserError: for a wrong flag, or a file that cannot be read.
    """
    values = flags.FlagValues()
    flags.DEFINE_string(
        "key", None, "public key that must have signed it: a file or a fingerprint", values
    )
    files = parse_with_files(values, argv, usage=_USAGE)
    if files is None:
        return messages.DONE
    path = bundle_file.only(files, command="verify")
    key = values.key
    if key:
        key = str(store.expand_user(key))
    report = share.verify(path, key=key)
    print(*map(printable, report.sentences), sep="\n")
    if report.digest:
        print(f"Digest of the content: {report.digest}")
    return messages.DONE if report.ok else messages.FAILED
