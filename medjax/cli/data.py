"""``python -m medjax.data``: what a data set holds, and what is wrong with it."""

import sys
import warnings
from collections.abc import Sequence

from absl import flags

from medjax import data, errors
from medjax.cli.flags import parse_flags
from medjax.run.metrics import write_json

_USAGE = """Describes a data set: splits, classes, sizes, intensities, duplicates, licence, digest.

  python -m medjax.data --name=breastmnist
  python -m medjax.data --name=mine.npz --near=12 --strict --out=report.json
  python -m medjax.data --name=folder:scans --dicom.frames=all --convert.skip_unreadable"""
_DEFINE = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 an image is in two splits (``--strict``), 2 usage.
    """
    warnings.showwarning = lambda message, *_, **__: _say(f"warning: {message}")
    try:
        values = _parse(argv)
        return 0 if values is None else _report(values)
    except (errors.UserError, OSError) as error:
        _say(error)
        return 2


def _parse(argv: Sequence[str]) -> flags.FlagValues | None:
    values = flags.FlagValues()
    knobs = {"flag_values": values}
    flags.DEFINE_string("name", None, "data set, a name or a path", **knobs)
    flags.DEFINE_integer("size", 28, "side of its images, where it has several", **knobs)
    flags.DEFINE_string("root", None, "folder of data files", **knobs)
    flags.DEFINE_bool("download", True, "fetch a registered set that is missing", **knobs)
    flags.DEFINE_string("prepare", None, "steps; then as they leave the images", **knobs)
    flags.DEFINE_integer("near", None, "also near-duplicates, up to so many of 256 bits", **knobs)
    flags.DEFINE_bool("strict", False, "status 1 if an image is in two splits", **knobs)
    flags.DEFINE_string("out", None, "JSON file to write", **knobs)
    for kind, options in data.Sources().asdict().items():
        for name, default in options.items():
            what = f"as data.{kind}.{name} of a run"
            _DEFINE[type(default)](f"{kind}.{name}", default, what, **knobs)
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
    if values.prepare is None:
        info, splits = data.read(values.name, **where)
    else:
        made = data.load(values.name, **where, preparation=values.prepare)
        info, splits = made.info, {"train": made.train, "val": made.val, "test": made.test}
        splits = {name: split for name, split in splits.items() if split is not None}
    found = data.describe(info, splits, near=values.near)
    if values.prepare is not None:
        found["preparation"] = data.parse_preparation(made.preparation).listed()
    if values.out:
        write_json(values.out, found)
    print(data.report_text(found))
    return int(values.strict and found["leakage"])


def _say(message: object) -> None:
    print(f"medjax: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
