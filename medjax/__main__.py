"""``medjax launch``, ``medjax data`` and their like: all commands behind one name."""

import importlib
import sys
from collections.abc import Sequence

import medjax
from medjax.cli import messages, pipes, subcommands
from medjax.errors import UserError

# Names of modules, which are imported late: --help needs none of their libraries.
_COMMANDS = {
    "launch": ("medjax.launch", "distils a data set and reports how good the result is"),
    "data": ("medjax.cli.data", "describes a data set and finds duplicates and leakage"),
    "evaluate": ("medjax.cli.evaluate", "trains networks on a set of images and scores them"),
    "share": ("medjax.cli.share", "makes, checks and shows the bundles that sites send"),
}
_HELP = "\n".join(
    [
        "Usage: medjax COMMAND [FLAGS]\n",
        *subcommands.listed(_COMMANDS),
        "\n'medjax COMMAND --help' lists the flags of a command; 'medjax --version' the version.",
    ]
)


@pipes.ends_quietly
def main(argv: Sequence[str] | None = None) -> int:
    """Runs one of the commands.

    Args:
      argv: the command line, program name first; ``None`` for that of the process.

    Returns:
      The exit code of the command; 2 for an unknown or missing command.

    Example:
      >>> main(["medjax", "--version"])
      0.1.0
      0
    """
    name, *rest = [*(sys.argv if argv is None else argv)[1:], None]
    if name in ("--help", "-h", "--version"):
        print(medjax.__version__ if name == "--version" else _HELP)
        return messages.DONE
    try:
        module = subcommands.module_of(name, _COMMANDS)
    except UserError as error:
        return messages.say(error, status=messages.USAGE)
    status = importlib.import_module(module).main([f"medjax {name}", *rest[:-1]])
    if name == "launch":  # one of several processes must not wait for lost ones
        importlib.import_module("medjax.parallel").exit_process(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
