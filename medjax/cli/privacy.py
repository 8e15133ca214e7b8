"""``python -m medjax.privacy audit``: tries attacks on the images of a finished run."""

import logging
import os
from collections.abc import Sequence

from absl import flags

from medjax import errors, store
from medjax.cli import exits, messages, startup
from medjax.cli.flags import parse_flags

_COMMANDS = ("audit",)
_USAGE = """Tries attacks on the synthetic images of a finished run, and says what they show.

  python -m medjax.privacy audit --workdir=runs/dm
  python -m medjax.privacy audit --workdir=runs/dm --deep --shadows=16 --strict

A random half of the training images is distilled again with the run's own settings, in
WORKDIR/audit; the same command resumes. WORKDIR/audit.json and audit.html hold the result. Its
scores stay at the site unless --publish is given; its verdict goes onto the card of a bundle. An
audit finds leaks; it never clears images."""
_FLAGS = (
    (flags.DEFINE_string, "workdir", None, "folder of the run"),
    (flags.DEFINE_bool, "deep", False, "also LiRA and RMIA over shadow runs, and canaries"),
    (flags.DEFINE_bool, "publish", False, "let the result be sent with the images"),
    (flags.DEFINE_integer, "images", None, "members, and others, to try attacks on at most"),
    (flags.DEFINE_integer, "shadows", None, "shadow runs by other seeds, and by the run's own"),
    (flags.DEFINE_integer, "near", None, "most bits, of 256, in which near copies differ"),
    (flags.DEFINE_bool, "strict", False, "exit code 1 if a leak is found"),
)


@exits.command(interrupted="interrupted; the same command resumes")
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first, then ``audit``.

    Returns:
      The exit status: 0 done, 1 a distillation failed or a leak is found (``--strict``), 2 usage,
      130 interrupted, 141 nobody reads the output.
    """
    values = _parse(argv)
    return messages.DONE if values is None else _audit(values)


def _parse(argv: Sequence[str]) -> flags.FlagValues | None:
    """Returns the flags; ``None`` after ``--help``."""
    program, *rest = argv
    asked = rest[:1] in (["--help"], ["-h"])
    if not asked and rest[:1] != [_COMMANDS[0]]:
        if not rest:
            raise errors.UserError(f"no command given; choose from: {', '.join(_COMMANDS)}")
        raise errors.unknown("command", rest[0], _COMMANDS)
    values = flags.FlagValues()
    for define, name, default, meaning in _FLAGS:
        define(name, default, meaning, flag_values=values)
    if not parse_flags(values, [program, *(rest if asked else rest[1:])], usage=_USAGE):
        return None
    if not values.workdir:
        raise errors.UserError("--workdir is missing, as in --workdir=runs/dm")
    return values


def _audit(values: flags.FlagValues) -> int:
    startup.set_up_jax(os.environ)
    messages.show_log(level=logging.INFO)
    from medjax import privacy  # late, so that --help is answered at once

    given = ("images", "shadows", "near")
    chosen = {name: values[name].value for name in given if values[name].value is not None}
    result = privacy.audit(values.workdir, deep=values.deep, publish=values.publish, **chosen)
    print(*result.verdict, *result.findings, sep="\n")
    page = store.expand_user(values.workdir) / "audit.html"
    print(f"{errors.printable(page)} has the details.")
    return int(values.strict and result.alarm)
