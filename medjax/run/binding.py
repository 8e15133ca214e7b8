"""The rule for "the same settings": those that the result of a run depends on."""

from collections.abc import Mapping
from typing import Any

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
)


def binding(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that the result of a run depends on, by dotted name.

    Args:
      config: a config as JSON holds it.

    Returns:
      All settings without ``RESUMABLE_OVERRIDES``.

    Example:
      >>> binding({"ipc": 5, "log_every": 2, "data": {"name": "phantom", "root": "/data"}})
      {'ipc': 5, 'data.name': 'phantom'}
    """
    flat = {}

    def walk(node: Any, name: str) -> None:
        if name in RESUMABLE_OVERRIDES:
            return
        if isinstance(node, Mapping) and node:
            for key, value in node.items():
                walk(value, f"{name}.{key}" if name else str(key))
        else:
            flat[name] = node

    walk(config, "")
    return flat
