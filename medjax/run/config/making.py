"""The config of a run: the defaults, the ``quick`` settings and the words after the colon.

A config file defines ``get_config(arg)`` with ``make``; ``arg`` is the text after the colon, as in
``--config=configs/dm.py:breastmnist,quick,ipc=5,evaluation.networks=3``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict, config_dict

from medjax import data, methods, nets, parallel
from medjax.errors import UserError, unknown
from medjax.run.config import parity
from medjax.run.config.quick import quick_settings
from medjax.run.config.words import Word, split_words
from medjax.run.settings import LABELS, TEMPERATURE

# The reference's numbers of iterations and of evaluations; methods not named here do not iterate.
_ITERATIONS = {"dm": 20000, "dc": 1000, "dsa": 1000, "mtt": 5000}
_ITERATIONS |= {"datm": 10000, "hoptm": 10000, "idc": 2000}
_ITERATIONS |= dict.fromkeys(("auto", "idm", "ncfm"), 20000)
_LOG_EVERY = {"dm": 50, "dc": 5, "dsa": 5, "mtt": 10, "datm": 10, "hoptm": 10, "idm": 50}
_LOG_EVERY |= {"idc": 1, "ncfm": 50, "auto": 50}
_EVALUATIONS = 10
# Settings that may be None in spite of their default.
_OPTIONAL = ("checkpoint.every_minutes",)

_NET = "net.name"
_QUICK_WORD = "quick"


def make(
    method: str,
    dataset: str,
    arg: str | Sequence[Word] | None,
    *,
    overrides: Mapping[str, Any] | None = None,
    quick: Mapping[str, Any] | None = None,
) -> ConfigDict:
    """Makes a config.

    Args:
      method: one of ``methods.names()``.
      dataset: a name for ``data.load``.
      arg: words after the colon, separated by commas: ``quick``, a data set, or ``key=value`` with
        a dotted key; later words win. ``net.name`` is applied first, because it determines the
        other keys of ``net``. A path that exists, or is in quotes, may hold commas. Or these words
        from ``split_words``.
      overrides: this config file's own settings, by dotted key.
      quick: further settings of ``quick``, by dotted key.

    Returns:
      The config, which refuses keys that it does not have.

    Raises:
      UserError: for an unknown word, key or method, or a value of the wrong type.

    Example:
      >>> config = make("dm", "phantom", "quick,ipc=5")
      >>> config.ipc, config.net.width
      (5, 32)
    """
    config, overrides = defaults(method, dataset), dict(overrides or {})
    words = split_words(arg or "") if isinstance(arg, str | None) else arg
    networks = [overrides.pop(_NET, config.net.name)]
    networks += [str(value) for key, value in words if key == _NET]
    config.net = _net(networks[-1])
    _update(config, overrides)
    given = {*overrides, *(key for key, _ in words if key)}
    if (None, _QUICK_WORD) in words:
        usual = quick_settings(method)
        known = _dotted(config)  # a network may have no width, a method no batches
        _update(config, {key: value for key, value in usual.items() if key in known})
        _update(config, quick or {})
        given |= {*usual, *(quick or {})}
    paths: list[str] = []
    for key, value in words:
        if key is None and (value in data.names() or data.is_path(value)):
            config.data.name = value
            paths.append(value)
        elif key is not None and key in _dotted(config):
            _update(config, {key: value})
        elif (key, value) != (None, _QUICK_WORD):
            raise _unknown_word(key, value, [*_dotted(config)], after=paths)
    parity.settle(config, given=given)
    return config


def defaults(method: str, dataset: str) -> ConfigDict:
    """Returns the settings of the reference.

    Args:
      method: one of ``methods.names()``.
      dataset: a name for ``data.load``.

    Returns:
      The config:

      - ``method``, ``seed``, ``iterations``, ``log_every``; ``ipc`` (images per class, for
        multi-label sets per finding and for no finding; with ``ipc_shares="proportional"`` an
        average, shared in proportion to the classes); ``ipc_per_class`` (one number for each class,
        which replaces ``ipc`` unless it is empty);
      - ``seeds``: several runs in one command. One number says how many, from ``seed`` on; two or
        more are the seeds themselves; empty or 0 is one run, of ``seed``;
      - ``data``: ``name``, ``size``, ``root``, ``download``, see ``data.load``. A split larger than
        ``stream_above_gib`` (unset: an eighth of the device's memory) streams from an uncompressed
        copy in the folder ``cache``, see ``data.Streaming``. ``prepare`` lists the steps of the
        preparation, see ``data.parse_preparation``: ``window(center=40, width=400)|resize(64)|rgb``
        or ``zca(mtt)``. ``folder``, ``dicom``, ``tfds``, ``cut`` and ``convert`` are options for
        reading such sets, see ``data.Sources``;
      - ``net``: ``name`` and its options, see ``nets.options``. An unset ``depth`` of the ConvNet
        grows with the images: 3 at 28 pixels, 4 at 64, 5 at 128, 6 at 224;
      - ``precision``: that of the networks, see ``nets.make``; pixels, losses and parameters are
        always float32. The reference gets ``tf32`` from PyTorch;
      - ``distill``: the method's options, see ``methods.options``; ``augment="auto"``, for methods
        whose own strategy flips, is the strategy that keeps this data set's labels valid;
      - ``evaluation``: after ``every`` iterations ``select_networks`` networks are trained and
        scored on val by ``select_by``, at the end ``networks`` of them on test. ``select_recipe``
        and ``recipe`` are ``reference``, or ``fast`` for a short training. With
        ``labels="teacher"``, distilled and random images get the soft labels of a network of all
        real images, at ``temperature``, see ``evaluate.make_teacher``. ``learners``, any of
        ``("logistic", "knn", "mlp")`` of scikit-learn, compare the selected images with
        ``networks`` draws of random real ones. ``whole_steps`` is the greatest number of steps on
        all images, or ``whole_epochs`` that of epochs; the others are fields of
        ``training.Recipe``. DC with ``parity`` trains with the reference's augmentation unless
        ``augment`` is set, see ``parity.settle``;
      - ``mesh``: the first ``devices`` of all devices (0: all) are used for distilling, with this
        many along ``class``, ``net`` and ``batch`` (0: chosen, see ``parallel.make_mesh``);
      - ``checkpoint``: written at each evaluation, every ``every_steps`` iterations if set, and
        ``every_minutes`` after the last one unless ``None``; the newest ``keep`` are kept.

    Raises:
      UserError: for an unknown method.

    Example:
      >>> defaults("dc", "breastmnist").iterations
      1000
    """
    options = methods.options(method)
    augment = "none" if options.get("augment") == "none" else "auto"
    iterations = _ITERATIONS.get(method, 1)
    return ConfigDict(
        {
            "method": method,
            "ipc": 10,
            "ipc_per_class": (),
            "ipc_shares": "balanced",
            "seed": 0,
            "seeds": (),
            "iterations": iterations,
            "log_every": _LOG_EVERY.get(method, 1),
            "data": {"name": dataset, "size": 28, "root": "", "download": True, "prepare": ""}
            | {"stream_above_gib": config_dict.placeholder(float), "cache": ""}
            | data.Sources().asdict(),
            "net": _net("convnet"),
            "precision": "tf32",
            "distill": {
                name: _augment(value) if name == "augment" else _settable(value)
                for name, value in options.items()
            },
            "evaluation": _evaluation(iterations, augment),
            "mesh": {"devices": 0, **dict.fromkeys(parallel.AXES, 0)},
            "checkpoint": {
                "every_steps": config_dict.placeholder(int),
                "every_minutes": 10.0,
                "keep": 2,
            },
        }
    )


def _evaluation(iterations: int, augment: str) -> dict[str, Any]:
    return {
        "every": max(iterations // _EVALUATIONS, 1),
        "select_by": "auroc",
        "select_networks": 5,
        "select_recipe": "reference",
        "networks": 5,
        "recipe": "reference",
        "epochs": 300 if augment == "none" else 1000,
        "labels": LABELS[0],
        "temperature": TEMPERATURE,
        "learners": (),
        "whole_steps": 20000,
        "whole_epochs": config_dict.placeholder(int),
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "batch_size": 256,
        "augment": augment,
        "parity": False,
        "balanced": False,
    }


def _net(name: str) -> ConfigDict:
    """Returns a network's name and options, without the precision, which the run sets."""
    options = {k: v for k, v in nets.options(name).items() if k != "precision"}
    return ConfigDict({"name": name} | {k: _settable(v) for k, v in options.items()})


def _augment(default: str) -> str:
    """Leaves a strategy to the data set if it flips, which may change a label."""
    return "auto" if "flip" in default else default


def _settable(default: Any) -> Any:
    """Replaces ``None``, which stands for a number that is chosen, by an integer to be set."""
    return config_dict.placeholder(int) if default is None else default


def _unknown_word(key: str | None, value: Any, keys: list[str], *, after: list[str]) -> UserError:
    """Returns the error for a word, which may be the rest of a path with a comma."""
    choices = [_QUICK_WORD, *data.names(), "key=value"]
    error = unknown("word after the config's colon", value, choices)
    if key is not None:
        error = unknown("config key", key, keys)
    if not after:
        return error
    return UserError(
        f"{error}; if the comma is part of the path {after[-1]}, put quotes around the path or set "
        "--config.data.name"
    )


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
            if kind is tuple and isinstance(value, int):
                value = (value,)  # as the flags library reads it
            config.update_from_flattened_dict({key: value})
        except TypeError as error:
            raise UserError(
                f"config key {key} takes {kind.__name__} values, got {value!r}"
            ) from error


def _dotted(config: ConfigDict, prefix: str = "") -> dict[str, tuple[type, bool]]:
    """Returns the type of each key's values, and whether it may be unset."""
    keys = {}
    for key, value in config.items():
        if isinstance(value, ConfigDict):
            keys.update(_dotted(value, f"{prefix}{key}."))
        else:
            optional = value is None or prefix + key in _OPTIONAL
            keys[prefix + key] = config.get_type(key), optional
    return keys
