"""The flags ``--folder.table``, ``--dicom.frames`` …: how a user's own pictures are read."""

import re
from collections.abc import Collection

from absl import flags

from medjax import data

_DEFINE = {bool: flags.DEFINE_bool, str: flags.DEFINE_string}
_DEFINE |= {int: flags.DEFINE_integer, float: flags.DEFINE_float}
_SETTING = re.compile(r"(?<![\w./\\])data\.(\w+(?:\.\w+)?)(?![\w/\\])")


def define(values: flags.FlagValues) -> None:
    """Defines a flag for each option of ``data.Sources``.

    Args:
      values: the flags of a command.
    """
    for kind, options in data.Sources().asdict().items():
        for name, default in options.items():
            meaning = f"same as data.{kind}.{name} of a run"
            _DEFINE[type(default)](f"{kind}.{name}", default, meaning, flag_values=values)


def changed(values: flags.FlagValues, sources: data.Sources) -> data.Sources:
    """Returns options in which those on the command line are replaced.

    Args:
      values: the parsed flags.
      sources: the options that hold where no flag was given.

    Example:
      >>> values = flags.FlagValues()
      >>> define(values)
      >>> values(["command", "--dicom.frames=all"])
      ['command']
      >>> changed(values, data.Sources()).dicom.frames
      'all'
    """
    known = sources.asdict()
    for kind, options in known.items():
        given = [name for name in options if values[f"{kind}.{name}"].present]
        options.update({name: values[f"{kind}.{name}"].value for name in given})
    return data.Sources.of(known)


def as_flags(text: str, *, others: Collection[str] = ()) -> str:
    """Names the settings of a run in a message as flags.

    Args:
      text: a message of the library.
      others: further settings in ``data`` that are flags of the command.

    Returns:
      The text, in which only settings that are flags have changed.

    Example:
      >>> as_flags("set data.convert.skip_unreadable=True, not data.stream_above_gib")
      'set --convert.skip_unreadable=True, not data.stream_above_gib'
    """
    known = {f"{kind}.{x}" for kind, options in data.Sources().asdict().items() for x in options}
    known |= set(others)
    return _SETTING.sub(lambda found: f"--{found[1]}" if found[1] in known else found[0], text)
