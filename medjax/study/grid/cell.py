"""One cell of a grid: the run of the launcher that it stands for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax import nets
from medjax.run import config
from medjax.run.binding import binding
from medjax.run.config.words import Word, split_words
from medjax.run.metrics import jsonable

_EVERY = "evaluation.every"


class Cell(NamedTuple):
    """What differs between the runs of a study.

    Attributes:
      dataset: a name for ``data.load``, or one that ``words_for`` describes.
      method: one of ``methods.names()``.
      ipc: images per class.
      seed: the seed.
      network: a network with options, as in ``resnet18:norm=batch``.
    """

    dataset: str
    method: str
    ipc: int
    seed: int
    network: str


def settings_of(cell: Cell, study: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that decide the result of a cell's run, by dotted name, as JSON.

    They are those of ``medjax.run.config.make`` with the words of the study, of the data set, of
    the method, of the method on the data set and of the network, in this order. A method that
    iterates is validated at most ``validations`` times, the last time at its end. Options of
    networks in the words are those of the first network, and of others of its name.

    Args:
      cell: the cell.
      study: the settings of the study, see ``study.config.make``.

    Raises:
      UserError: as ``medjax.run.config.make``.

    Example:
      >>> study = {"words": "quick", "words_for": {"dm": "iterations=40"}, "validations": 4}
      >>> study["networks"] = ("convnet",)
      >>> settings = settings_of(Cell("phantom", "dm", 10, 3, "convnet"), study)
      >>> [settings[name] for name in ("ipc", "seed", "iterations", "evaluation.every")]
      [10, 3, 40, 10]
    """
    net, options = nets.parse(cell.network)
    words = split_words(study["words"])
    for name in (cell.dataset, cell.method, f"{cell.method} on {cell.dataset}"):
        words += split_words(study["words_for"].get(name, ""))
    if net != nets.parse(study["networks"][0])[0]:
        words = [word for word in words if not str(word.key).startswith("net.")]
    words += [Word("net.name", net), *(Word(f"net.{k}", v) for k, v in options.items())]
    words += [Word("ipc", cell.ipc), Word("seed", cell.seed)]
    made = config.make(cell.method, cell.dataset, words)
    if made.iterations > 1:
        made.evaluation.every = -(-made.iterations // study["validations"])
    found: dict[str, Any] = jsonable(binding(made.to_dict()))
    return found


def config_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the config of a run, as nested dicts, from the settings that decide its result.

    Args:
      settings: by dotted name, from ``settings_of``.

    Example:
      >>> study = {"words": "quick", "words_for": {}, "validations": 3, "networks": ("convnet",)}
      >>> settings = settings_of(Cell("phantom", "dc", 1, 0, "convnet"), study)
      >>> config_of(settings)["distill"]["inner_loop"]
      10
    """
    # A method without options has an empty section.
    words = [Word(name, value) for name, value in settings.items() if value != {}]
    found: dict[str, Any] = config.make(settings["method"], settings["data.name"], words).to_dict()
    return found


def shared_part(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings that all methods of a study share: data, networks and their training."""
    shared = ("data.", "net.", "evaluation.", "precision")
    return {k: v for k, v in settings.items() if k.startswith(shared) and k != _EVERY}
