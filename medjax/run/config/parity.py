"""The augmentation of networks that score a set, in the reference's own evaluation of DC."""

from collections.abc import Collection
from pathlib import PurePath
from typing import Any

_AUGMENT, _EPOCHS = "evaluation.augment", "evaluation.epochs"
_EPOCHS_AUGMENTED = 1000


def settle(config: Any, *, given: Collection[str]) -> None:
    """Gives a config of DC the reference's augmentation with ``evaluation.parity``.

    Without ``evaluation.parity``, or with an augmentation of the user's, nothing changes.

    Args:
      config: a ``ConfigDict``, whose ``evaluation.augment`` and ``evaluation.epochs`` may change.
      given: the keys that the user set, by dotted name.

    Example:
      >>> from medjax.run.config import defaults
      >>> config = defaults("dc", "mnist")
      >>> config.evaluation.parity = True
      >>> settle(config, given=())
      >>> config.evaluation.augment, config.evaluation.epochs
      ('dc_crop_scale_rotate', 1000)
    """
    evaluation = config.evaluation
    if config.method != "dc" or not evaluation.parity or evaluation.augment != "none":
        return
    augment = dc_augmentation(config.data.name, net=config.net.name, norm=config.net.get("norm"))
    if _AUGMENT in given or augment == "none":
        return
    evaluation.augment = augment
    if _EPOCHS not in given:
        evaluation.epochs = _EPOCHS_AUGMENTED


def dc_augmentation(dataset: str, *, net: str, norm: str | None) -> str:
    """Returns the augmentation with which DC's reference trains networks on a distilled set.

    Args:
      dataset: a name for ``data.load``, or a path.
      net: one of ``nets.names()``.
      norm: its norm, if it has one.

    Returns:
      An ``evaluation.augment``; ``none`` for most.

    Example:
      >>> dc_augmentation("mnist", net="convnet", norm="batch")
      'dc_crop_noise'
    """
    if net == "convnet" and norm == "batch":
        return "dc_crop_noise"
    return "dc_crop_scale_rotate" if PurePath(dataset).stem == "mnist" else "none"
