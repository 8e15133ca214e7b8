"""The settings and the data that the result of a run depends on, and what may change."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from medjax import data, methods
from medjax.errors import UserError
from medjax.run.config.old import GONE
from medjax.run.settings import LABELS, TEMPERATURE

# Settings of places and of output, which change no number of a result; a mesh may change the order
# of sums. A name stands for every setting below it.
RESUMABLE_OVERRIDES = (
    "checkpoint",
    "data.cache",
    "data.convert.threads",
    "data.download",
    "data.root",
    "data.stream_above_gib",
    "data.tfds.data_dir",
    "log_every",
    "mesh",
    "seeds",  # each of them is a run of its own
)
# Of the evaluation; an older run had them with their default.
_NEWER = {"labels": LABELS[0], "temperature": TEMPERATURE}
# Without them, a run has what it had before there were any.
_LEARNERS = "evaluation.learners"
DATA_DIGEST = "data_digest"
"""The name under which a checkpoint holds the digest of the data."""
# The options of ``data.Sources`` that a set uses, by the start of its name; other sets use none.
_USED = {
    "folder:": ("folder", "dicom", "nifti", "cut", "convert"),
    "tfds:": ("tfds", "cut", "convert"),
}


def binding(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that the result of a run depends on, by dotted name.

    These are all settings of a config, as JSON holds it, without ``RESUMABLE_OVERRIDES``, and
    without the options of ``data.Sources`` that the set does not use or that have their default,
    and without ``evaluation.learners`` if there are none. Options of the method and kinds of labels
    that are missing have their default, and ``GONE`` options are left out. So an option that is new
    or gone does not tell an older run from a new one.

    Args:
      config: the settings, nested or by dotted name.

    Example:
      >>> binding({"ipc": 5, "log_every": 2, "data": {"name": "phantom", "root": "/data"}})
      {'ipc': 5, 'data.name': 'phantom'}
    """
    flat = dict(_leaves(config, ""))
    kinds = data.Sources().asdict()
    start = next((start for start in _USED if str(flat.get("data.name")).startswith(start)), "")
    unused = [f"data.{kind}" for kind in kinds if kind not in _USED.get(start, ())]
    method, defaults = str(flat.get("method")), dict(_leaves({"data": kinds}, ""))
    if method in methods.names():
        newer = {"distill": methods.options(method), "evaluation": _NEWER}
        flat = dict(_leaves(newer, "")) | flat
    return {
        name: value
        for name, value in flat.items()
        if not any(f"{name}.".startswith(f"{above}.") for above in (*RESUMABLE_OVERRIDES, *unused))
        and (name not in defaults or value != defaults[name])
        and (name != _LEARNERS or value)
        and (name, value) not in GONE.items()
    }


def changed(name: str, before: str, now: str) -> str:
    """Says that a data set has changed.

    Args:
      name: the name of the set, or its path.
      before: its digest in a run.
      now: its digest.

    Example:
      >>> changed("mine.npz", "1f", "2e")
      'the digest of mine.npz was 1f and is 2e now'
    """
    return f"the digest of {name} was {before} and is {now} now"


def other_data(what: str, name: str, before: str, now: str) -> UserError:
    """Returns the error for a workdir whose data has changed since.

    Args:
      what: what was found in the workdir, as in ``"w is a finished run"``.
      name, before, now: see ``changed``.

    Example:
      >>> print(other_data("w is a finished run", "mine.npz", "1f", "2e"))  # doctest: +ELLIPSIS
      w is a finished run on other data: the digest of mine.npz was 1f and is 2e now; use another...
    """
    return UserError(
        f"{what} on other data: {changed(name, before, now)}; use another workdir, or remove this "
        "one"
    )


def compare(saved: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Lists the differences of two runs.

    Args:
      saved: JSON by name, of the run that is there.
      ours: that of this run.

    Example:
      >>> compare({"ipc": 10, "seed": 0}, {"ipc": 20, "seed": 0})
      'ipc is 10 there and 20 here'
    """

    def show(side: Mapping[str, Any], name: str) -> str:
        return json.dumps(side[name]) if name in side else "absent"

    shown = [(name, show(saved, name), show(ours, name)) for name in sorted({*saved, *ours})]
    return ", ".join(f"{name} is {a} there and {b} here" for name, a, b in shown if a != b)


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, node
