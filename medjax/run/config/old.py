"""Configs of earlier versions, which lack later keys and have some that are gone."""

from collections.abc import Mapping
from typing import Any

from medjax.errors import UserError
from medjax.run.config import defaults

# Whose options depend on their name, so that none can be missing.
_AS_WRITTEN = ("method", "net", "distill")
GONE = {"distill.balanced": False}
"""Options of methods that are gone, with the value that is what every run does now."""


def upgraded(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the config of an earlier version with the keys of this version.

    Keys that have been added since get their default, and ``GONE`` is left out.

    Args:
      config: the ``config`` of a ``summary.json``.

    Returns:
      A config for ``Settings.from_config``.

    Raises:
      UserError: if the data, the network or the method is missing or the method is unknown.

    Example:
      >>> from medjax.run.config import make
      >>> old = make("dm", "phantom", "quick").to_dict()
      >>> del old["evaluation"]["whole_steps"]
      >>> upgraded(old)["evaluation"]["whole_steps"]
      20000
    """
    for name in (*_AS_WRITTEN, "data"):
        if name not in config:
            raise UserError(f"config key {name} is missing")
    if "name" not in config["data"]:
        raise UserError("config key data.name is missing")
    known = defaults(config["method"], config["data"]["name"]).to_dict()
    found = _filled({k: v for k, v in known.items() if k not in _AS_WRITTEN}, config)
    kept = dict(config["distill"])
    for name, value in GONE.items():
        option = name.removeprefix("distill.")
        if kept.get(option) == value:
            del kept[option]
    return found | {"distill": kept}


def _filled(known: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    return dict(config) | {
        key: _filled(default, config.get(key, {}))
        if isinstance(default, Mapping)
        else config.get(key, default)
        for key, default in known.items()
    }
