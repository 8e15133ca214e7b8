"""``python -m medjax.data``: describes a data set and finds what is wrong with it."""

import functools
import sys
from collections.abc import Sequence

from absl import flags

from medjax import data, errors, store
from medjax.cli import exits, messages, source_flags
from medjax.cli.flags import parse_flags
from medjax.run.metrics import write_json

_USAGE = """Describes a data set: splits, classes, sizes, intensities, duplicates, licence, digest.

  python -m medjax.data --name=breastmnist
  python -m medjax.data --name=mine.npz --near=12 --strict --out=report.json
  python -m medjax.data --name=folder:scans --dicom.frames=all --convert.skip_unreadable"""
_NEAR = "also find near-duplicates that differ in at most this many of 256 bits"
_FLAGS = (
    (flags.DEFINE_string, "name", None, "data set: a name or a path"),
    (flags.DEFINE_integer, "size", 28, "side of the images in pixels"),
    (flags.DEFINE_string, "root", None, "folder of data files"),
    (flags.DEFINE_bool, "download", True, "fetch a missing MedMNIST file"),
    (flags.DEFINE_string, "prepare", None, "steps to apply before describing"),
    (flags.DEFINE_integer, "near", None, _NEAR),
    (flags.DEFINE_bool, "strict", False, "exit code 1 if an image is in two splits"),
    (flags.DEFINE_string, "cache", None, "folder of the cache"),
    (flags.DEFINE_string, "out", None, "JSON file to write"),
)
_as_flags = functools.partial(source_flags.as_flags, others=[name for _, name, *_ in _FLAGS])
_ALL = sys.maxsize
"""The limit in bytes below which images are read into memory."""


@exits.command(reword=_as_flags)
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 an image is in two splits (``--strict``), 2 usage, 130
      interrupted, 141 nobody reads the output.
    """
    values = _parse(argv)
    return messages.DONE if values is None else _report(values)


def _parse(argv: Sequence[str]) -> flags.FlagValues | None:
    values = flags.FlagValues()
    for define, name, default, meaning in _FLAGS:
        define(name, default, meaning, flag_values=values)
    source_flags.define(values)
    if not parse_flags(values, argv, usage=_USAGE):
        return None
    if not values.name:
        raise errors.UserError("--name is missing, as in --name=breastmnist")
    return values


def _report(values: flags.FlagValues) -> int:
    where = {"size": values.size, "root": values.root, "download": values.download}
    where["sources"] = source_flags.changed(values, data.Sources())
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
    print(_as_flags(data.report_text(found)))
    return int(values.strict and found["leakage"])
