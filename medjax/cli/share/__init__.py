"""``python -m medjax.share``: makes, checks and shows the bundles that sites send."""

import importlib
from collections.abc import Sequence

from medjax.cli import exits, messages, subcommands

# A command is a module with `run(argv) -> status`, which may raise a UserError.
_COMMANDS = {
    "pack": ("medjax.cli.share.pack", "makes the bundle of a finished run"),
    "verify": ("medjax.cli.share.verify", "checks every byte of a bundle, and who signed it"),
    "show": ("medjax.cli.share.show", "says in plain words what is in a bundle"),
    "export": ("medjax.cli.share.export", "writes its images as pictures, npz or MedMNIST's file"),
    "merge": ("medjax.cli.share.merge", "makes one bundle of those of several sites"),
    "evaluate": ("medjax.cli.share.evaluate", "scores a bundle on real images, beside its card"),
    "keygen": ("medjax.cli.share.keygen", "makes the keys of a site, to sign bundles"),
}
_HELP = "\n".join(
    [
        "Usage: medjax share COMMAND [FILES] [FLAGS]\n",
        *subcommands.listed(_COMMANDS),
        "\n'medjax share COMMAND --help' lists the flags of a command.",
    ]
)


@exits.command()
def main(argv: Sequence[str]) -> int:
    """Runs one of the commands.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 a bundle is not as it must be, 2 usage, 130 interrupted, 141 nobody
      reads the output.
    """
    program, *rest = argv
    name = rest[0] if rest else None
    if name in ("--help", "-h"):
        print(_HELP)
        return messages.DONE
    module = importlib.import_module(subcommands.module_of(name, _COMMANDS))
    status: int = module.run([f"{program} {name}", *rest[1:]])
    return status
