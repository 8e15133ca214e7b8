"""``medjax share export``: writes the images of a bundle in a layout that other programs read."""

from collections.abc import Sequence

from absl import flags

from medjax import share
from medjax.cli import messages
from medjax.cli.flags import parse_with_files
from medjax.cli.share import bundle_file
from medjax.errors import UserError, printable
from medjax.share.bundle.exporting import LAYOUTS

_USAGE = """Writes the images of a bundle in a layout that other programs read.

  python -m medjax.share export site_a.zip --to=imagefolder --out=site_a
  python -m medjax.share export site_a.zip --to=npz --out=site_a.npz
  python -m medjax.share export site_a.zip --to=medmnist --out=loader/pneumoniamnist.npz

imagefolder: 8-bit PNG files by class with metadata.csv; npz: float32 and 8-bit, with mean and std;
medmnist: 8-bit, called like the set for MedMNIST's own loader."""


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status, 0.

    Raises:
      UserError: for a wrong flag, a damaged bundle, or files that cannot be written.
    """
    values = flags.FlagValues()
    flags.DEFINE_string("to", None, f"layout: {', '.join(LAYOUTS)}", values)
    flags.DEFINE_string("out", None, "file to write, or the folder of imagefolder", values)
    files = parse_with_files(values, argv, usage=_USAGE)
    if files is None:
        return messages.DONE
    path = bundle_file.only(files, command="export")
    for name, example in (("to", "imagefolder"), ("out", "site_a")):
        if not values[name].value:
            raise UserError(f"--{name} is missing, as in --{name}={example}")
    written = share.export(path, values.out, to=values.to)
    files = "file" if len(written) == 1 else "files"
    print(f"{printable(values.out)}: {len(written):,} {files} of the layout {values.to}.")
    return messages.DONE
