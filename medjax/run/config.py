"""The settings of a run: their defaults, the ``quick`` ones, and what stands behind ``:`` .

A config file is ``get_config(arg)`` on top of ``make``; ``arg`` is what the command line gives
after a colon, as in ``--config=configs/dm.py:breastmnist,quick,ipc=5,evaluation.networks=3``.
"""

import ast
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict, config_dict

from medjax import data, methods, nets, parallel
from medjax.errors import UserError, unknown

# The reference's numbers of iterations, and how often it evaluates; other methods change nothing.
_ITERATIONS = {"dm": 20000, "dc": 1000, "dsa": 1000, "mtt": 5000}
_LOG_EVERY = {"dm": 50, "dc": 5, "dsa": 5, "mtt": 10}
_EVALUATIONS = 10
# Settings with a default that may still be unset.
_OPTIONAL = ("checkpoint.every_minutes",)

# What ``quick`` changes: the same pipeline at a width and length for two CPU cores.
_QUICK = {
    "net.width": 32,
    "distill.batch_real": 64,
    "evaluation.epochs": 300,
    "evaluation.batch_size": 64,
    "evaluation.whole_epochs": 15,
    "evaluation.select_networks": 3,
}
_QUICK_GRADIENT_MATCHING = {
    "iterations": 120,
    "evaluation.every": 30,
    "log_every": 2,
    "distill.inner_loop": 10,
    # A tenth of the iterations, and a distance summed over a quarter of the usual output units.
    "distill.learning_rate": 4.0,
}
_QUICK_METHOD = {
    "dm": {
        "iterations": 900,
        "evaluation.every": 300,
        "log_every": 50,
        # The loss is a sum over features, of which this width has a quarter of the usual.
        "distill.learning_rate": 4.0,
    },
    "dc": _QUICK_GRADIENT_MATCHING,
    "dsa": _QUICK_GRADIENT_MATCHING,
    "mtt": {
        "iterations": 400,
        "evaluation.every": 100,
        "distill.num_experts": 10,
        "distill.train_epochs": 12,
        "distill.max_start_epoch": 8,
        "distill.expert_epochs": 2,
        "distill.syn_steps": 10,
    },
}
_NET = "net.name"


def make(
    method: str,
    dataset: str,
    arg: str | None,
    *,
    overrides: Mapping[str, Any] | None = None,
    quick: Mapping[str, Any] | None = None,
) -> ConfigDict:
    """Makes a config.

    Args:
      method: one of ``methods.names()``.
      dataset: what ``data.load`` takes as a name.
      arg: words after the colon, separated by commas: ``quick``, a data set, or ``key=value`` with
        a dotted key; later words win. ``net.name`` changes which other keys ``net`` has, and its
        defaults, wherever it stands.
      overrides: this config file's own settings, by dotted key.
      quick: settings that ``quick`` changes beyond the usual ones, by dotted key.

    Returns:
      The config; a key that it does not have cannot be set.

    Raises:
      UserError: for an unknown word, key or method, or a value of the wrong type.

    Example:
      >>> config = make("dm", "phantom", "quick,ipc=5")
      >>> config.ipc, config.net.width
      (5, 32)
    """
    config, overrides = defaults(method, dataset), dict(overrides or {})
    words = _words(arg or "")
    networks = [overrides.pop(_NET, config.net.name)]
    networks += [word.removeprefix(f"{_NET}=") for word in words if word.startswith(f"{_NET}=")]
    config.net = _net(networks[-1])
    _update(config, overrides)
    if "quick" in words:
        usual = {**_QUICK, **_QUICK_METHOD.get(method, {})}
        known = _dotted(config)  # a network may have no width, a method no batches
        _update(config, {key: value for key, value in usual.items() if key in known})
        _update(config, quick or {})
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            _update(config, {key: _literal(value)})
        elif word in data.names() or data.is_path(word):
            config.data.name = word
        elif word != "quick":
            raise unknown(
                "word after the config's colon", word, ["quick", *data.names(), "key=value"]
            )
    return config


def defaults(method: str, dataset: str) -> ConfigDict:
    """The settings of the reference.

    Args:
      method: one of ``methods.names()``.
      dataset: what ``data.load`` takes as a name.

    Returns:
      The config:

      - ``method``, ``ipc`` (images per class; with ``ipc_shares="proportional"`` on average, in
        proportion to the classes; ``ipc_per_class``, if not empty, gives one number for each class
        instead; multi-label: per finding, and last for no finding), ``seed``, ``iterations``,
        ``log_every``;
      - ``data``: ``name``, ``size``, ``root``, ``download``, see ``data.load``; a split whose
        images take more than ``stream_above_gib`` (unset: an eighth of the device's memory) streams
        from an uncompressed copy in the folder ``cache``, see ``data.Streaming``;
        ``prepare`` is what is done to images first, as ``data.parse_preparation`` reads it:
        ``window(center=40, width=400)|resize(64)|rgb``, or ``zca(mtt)``; ``folder``, ``dicom``,
        ``tfds``, ``cut`` and ``convert`` are how such sets are read, see ``data.Sources``;
      - ``net``: ``name`` and its options, see ``nets.options``; ``depth`` of the ConvNet, unset,
        grows with the images: 3 at 28 pixels, 4 at 64, 5 at 128, 6 at 224;
      - ``precision``: what the networks compute in, see ``nets.make``; pixels, losses and
        parameters are float32 whatever it is. ``tf32`` is what the reference gets from PyTorch;
      - ``distill``: the method's options, see ``methods.options``; ``augment="auto"`` is the
        strategy that keeps this data set's labels true;
      - ``evaluation``: ``every`` so many iterations ``select_networks`` networks are trained and
        scored on val by ``select_by``; at the end ``networks`` of them on test. ``epochs``,
        ``learning_rate``, ``momentum``, ``weight_decay``, ``batch_size``, ``augment`` and
        ``parity`` and ``balanced`` are the recipe's; ``whole_epochs`` those of training on all
        images;
      - ``mesh``: the first ``devices`` of all devices (0: all), laid out for distilling with so
        many along ``class``, ``net`` and ``batch`` (0: chosen, see ``parallel.make_mesh``);
      - ``checkpoint``: one with each evaluation, every ``every_steps`` iterations where that is
        set, and ``every_minutes`` after the last unless that is ``None``; the newest ``keep``
        stay.

    Raises:
      UserError: for an unknown method.

    Example:
      >>> defaults("dc", "breastmnist").iterations
      1000
    """
    options = methods.options(method)
    augment = "none" if options.get("augment") == "none" else "auto"
    iterations = _ITERATIONS.get(method, 1)
    streaming = {"stream_above_gib": config_dict.placeholder(float), "cache": ""}
    return ConfigDict(
        {
            "method": method,
            "ipc": 10,
            "ipc_per_class": (),
            "ipc_shares": "balanced",
            "seed": 0,
            "iterations": iterations,
            "log_every": _LOG_EVERY.get(method, 1),
            "data": {"name": dataset, "size": 28, "root": "", "download": True, "prepare": ""}
            | streaming
            | data.Sources().asdict(),
            "net": _net("convnet"),
            "precision": "tf32",
            "distill": {
                name: augment if name == "augment" else _settable(value)
                for name, value in options.items()
            },
            "evaluation": {
                "every": max(iterations // _EVALUATIONS, 1),
                "select_by": "auroc",
                "select_networks": 5,
                "networks": 5,
                "epochs": 300 if augment == "none" else 1000,
                "whole_epochs": 100,
                "learning_rate": 0.01,
                "momentum": 0.9,
                "weight_decay": 5e-4,
                "batch_size": 256,
                "augment": augment,
                "parity": False,
                "balanced": False,
            },
            "mesh": {"devices": 0, **dict.fromkeys(parallel.AXES, 0)},
            "checkpoint": {
                "every_steps": config_dict.placeholder(int),
                "every_minutes": 10.0,
                "keep": 2,
            },
        }
    )


def _net(name: str) -> ConfigDict:
    """A network by name, with its own options; the precision is a setting of the run."""
    options = {k: v for k, v in nets.options(name).items() if k != "precision"}
    return ConfigDict({"name": name} | {k: _settable(v) for k, v in options.items()})


def _settable(default: Any) -> Any:
    """A default that may be set later: ``None`` stands for a number that is chosen."""
    return config_dict.placeholder(int) if default is None else default


def _words(arg: str) -> list[str]:
    """What commas separate, but for those in brackets."""
    words, open_brackets = [""], 0
    for letter in arg:
        open_brackets += (letter == "(") - (letter == ")")
        if letter == "," and open_brackets == 0:
            words.append("")
        else:
            words[-1] += letter
    return [word.strip() for word in words if word.strip()]


def _update(config: ConfigDict, settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        keys = _dotted(config)
        if key not in keys:
            raise unknown("config key", key, keys)
        kind, optional = keys[key]
        try:
            # ml_collections takes True for the number 1, and None for anything.
            if (isinstance(value, bool) and kind is not bool) or (value is None and not optional):
                raise TypeError
            config.update_from_flattened_dict({key: value})
        except TypeError as error:
            raise UserError(
                f"config key {key} takes {kind.__name__} values, got {value!r}"
            ) from error


def _dotted(config: ConfigDict, prefix: str = "") -> dict[str, tuple[type, bool]]:
    """Every key with the type of its values, and whether it may be unset."""
    keys = {}
    for key, value in config.items():
        if isinstance(value, ConfigDict):
            keys.update(_dotted(value, f"{prefix}{key}."))
        else:
            optional = value is None or prefix + key in _OPTIONAL
            keys[prefix + key] = config.get_type(key), optional
    return keys


def _literal(text: str) -> Any:
    """A Python literal, or the text itself: ``10``, ``0.1``, ``True``, ``breastmnist``."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
