"""What is wrong with a run's settings or its data, said before anything is distilled."""

import math
from collections.abc import Mapping
from typing import Any

from medjax import data, parallel
from medjax.errors import UserError, unknown

_FLOAT, _GIB = 4, 2**30
_IPC_SHARES = ("balanced", "proportional")


def check_settings(config: Mapping[str, Any]) -> None:
    """Refuses numbers out of range, before anything is read.

    Args:
      config: settings as ``medjax.config.defaults`` has them.

    Raises:
      UserError: with the setting, its value and the least it may be.
    """
    evaluation = config["evaluation"]
    if config["ipc_shares"] not in _IPC_SHARES:
        raise unknown("ipc_shares", config["ipc_shares"], _IPC_SHARES)
    least = {
        "iterations": (config["iterations"], 1),
        "log_every": (config["log_every"], 1),
        "evaluation.every": (evaluation["every"], 1),
        "evaluation.networks": (evaluation["networks"], 1),
        "evaluation.select_networks": (evaluation["select_networks"], 1),
        "evaluation.whole_epochs": (evaluation["whole_epochs"], 1),
        "mesh.devices": (config["mesh"]["devices"], 0),
        **{f"mesh.{axis}": (config["mesh"][axis], 0) for axis in parallel.AXES},
        "checkpoint.keep": (config["checkpoint"]["keep"], 1),
        "checkpoint.every_steps": (config["checkpoint"]["every_steps"] or 1, 1),
        "checkpoint.every_minutes": (config["checkpoint"]["every_minutes"] or 0, 0),
    }
    if config["data"]["stream_above_gib"] is not None:
        least["data.stream_above_gib"] = (config["data"]["stream_above_gib"], 0)
    check_seed(config["seed"])
    for key, (value, smallest) in least.items():
        if value < smallest:
            raise UserError(f"{key} must be at least {smallest}, got {value}")


def check_seed(seed: int) -> None:
    """Refuses a seed that a key does not hold.

    Args:
      seed: the seed.

    Raises:
      UserError: unless it lies in 0 … 2³² − 1; of a larger one JAX's keys drop the rest.

    Example:
      >>> check_seed(0)
    """
    if seed < 0:
        raise UserError(f"seed must be at least 0, got {seed}")
    if seed >= 2**32:
        raise UserError(f"seed must be below {2**32}, got {seed}")


def check_whitened(splits: Mapping[str, data.Split], *, above: int) -> None:
    """Refuses to whiten images that then take more memory than is theirs: they cannot stream.

    Args:
      splits: by name, before.
      above: bytes that the images of one may take.

    Raises:
      UserError: with what they would take, and what they may.
    """
    for name, split in splits.items():
        size = _FLOAT * math.prod(split.images.shape)
        if size > above:
            raise UserError(
                f"zca makes floats of pixels, which cannot stream: {name} would take "
                f"{size / _GIB:.3g} GiB of the {above / _GIB:.3g} GiB allowed; "
                "raise data.stream_above_gib, or resize to a smaller size before it"
            )


def check_scored(name: str, splits: Mapping[str, data.Split]) -> None:
    """Refuses splits that no network can be scored on, before anything is distilled.

    Args:
      name: of the set, for the message.
      splits: val, if there is one, and test.

    Raises:
      UserError: for a split whose images all have the same label.
    """
    for split, content in splits.items():
        found = content.labels if content.labels.ndim == 2 else content.labels[:, None]
        if not (found.min(axis=0) < found.max(axis=0)).any():
            raise UserError(
                f"{name} has nothing to tell apart in {split}: all its images have the same label"
            )
