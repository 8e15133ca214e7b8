"""``python -m medjax.data``: describes a data set and finds what is wrong with it."""

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from medjax import data, errors, store
from medjax.cli import messages
from medjax.cli.flags import parse_flags
from medjax.run.metrics import write_json

_USAGE = """Describes a data set: splits, classes, sizes, intensities, duplicates, licence, digest.

  python -m medjax.data --name=breastmnist
  python -m medjax.data --name=mine.npz --near=12 --strict --out=report.json
  python -m medjax.data --name=folder:scans --dicom.frames=all --convert.skip_unreadable"""
_DEFINE: dict[type, Callable[..., Any]] = {bool: flags.DEFINE_bool, str: flags.DEFINE_string}
_DEFINE |= {int: flags.DEFINE_integer, float: flags.DEFINE_float}
_OPTIONS = (
    (str, "name", None, "data set: a name or a path"),
    (int, "size", 28, "side of the images in pixels"),
    (str, "root", None, "folder of data files"),
    (bool, "download", True, "fetch a missing MedMNIST file"),
    (str, "prepare", None, "steps to apply before describing"),
    (int, "near", None, "also find near-duplicates that differ in at most this many of 256 bits"),
    (bool, "strict", False, "exit code 1 if an image is in two splits"),
    (str, "cache", None, "folder of the cache"),
    (str, "out", None, "JSON file to write"),
)
_SETTING = re.compile(r"(?<![\w./\\])data\.(\w+(?:\.\w+)?)(?![\w/\\])")
_ALL = sys.maxsize
"""The limit in bytes below which images are read into memory."""


def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 an image is in two splits (``--strict``), 2 usage, 130
      interrupted.
    """
    with messages.shown(reword=as_flags):
        try:
            values = _parse(argv)
            return messages.DONE if values is None else _report(values)
        except (errors.UserError, OSError) as error:
            return messages.say(as_flags(str(error)), status=messages.USAGE)
        except KeyboardInterrupt:
            return messages.say("interrupted", status=messages.INTERRUPTED)


def as_flags(text: str) -> str:
    """Names the settings of a run in a message as this command's flags.

    Args:
      text: a message of the library.

    Returns:
      The text, in which only settings that are flags have changed.

    Example:
      >>> as_flags("set data.convert.skip_unreadable=True, not data.stream_above_gib")
      'set --convert.skip_unreadable=True, not data.stream_above_gib'
    """
    flags = {name for _, name, _, _ in _OPTIONS}
    flags |= {f"{kind}.{x}" for kind, known in data.Sources().asdict().items() for x in known}
    return _SETTING.sub(lambda found: f"--{found[1]}" if found[1] in flags else found[0], text)


def _parse(argv: Sequence[str]) -> flags.FlagValues | None:
    values = flags.FlagValues()
    for kind, name, default, meaning in _OPTIONS:
        _DEFINE[kind](name, default, meaning, flag_values=values)
    for kind, options in data.Sources().asdict().items():
        for name, default in options.items():
            flag, meaning = f"{kind}.{name}", f"same as data.{kind}.{name} of a run"
            _DEFINE[type(default)](flag, default, meaning, flag_values=values)
    if not parse_flags(values, argv, usage=_USAGE):
        return None
    if not values.name:
        raise errors.UserError("--name is missing, as in --name=breastmnist")
    return values


def _report(values: flags.FlagValues) -> int:
    options = {
        kind: {name: values[f"{kind}.{name}"].value for name in defaults}
        for kind, defaults in data.Sources().asdict().items()
    }
    where = {"size": values.size, "root": values.root, "download": values.download}
    where["sources"] = data.Sources.of(options)
    where["streaming"] = data.Streaming(above=_ALL, cache=values.cache)
    if values.prepare is None:
        info, splits = data.read(values.name, **where)
    else:
        wanted = data.parse_preparation(values.prepare)
        made = data.load(values.name, **where, preparation=wanted)
        info, splits = made.info, made.splits
    found = data.describe(info, splits, near=values.near)
    if values.prepare is not None:
        found["preparation"] = made.preparation.listed()
    if values.out:
        write_json(store.expand_user(values.out), found)
    print(as_flags(data.report_text(found)))
    return int(values.strict and found["leakage"])


if __name__ == "__main__":
    sys.exit(main(sys.argv))
