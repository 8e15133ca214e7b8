"""What is known of a set of images that networks are trained on: its card, or the run beside it."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medjax import data, errors, share, training
from medjax.cli import run_beside
from medjax.cli.run_beside import RunBeside
from medjax.run.settings import DataSettings
from medjax.share.bundle import card as cards


class CardOf(NamedTuple):
    """The card of a bundle, as options of an evaluation.

    Attributes:
      card: the content of ``card.json``, which follows its schema.
    """

    card: Mapping[str, Any]
    said_by = "its card"
    elsewhere = ""

    def options(self) -> dict[str, Any]:
        """Returns the options with which the run scored its images."""
        training_, facts = self.card["training"], self.card["data"]
        found = {
            "size": self.card["images"]["height"],
            "nets": [training_["network"]],
            "networks": training_["networks"],
            "precision": training_["precision"],
            "recipe": vars(training.Recipe(**training_["recipe"])),
            "augment": training_["recipe"]["augment"] or "none",
        }
        if facts["name"] is not None:
            source = DataSettings(facts["name"], size=facts["size"])
            found |= {"data": facts["name"], "size": facts["size"], "source": source}
        return found

    def data_warnings(self, source: DataSettings, dataset: data.Dataset) -> list[str]:
        """Says if a public data set has another content than the one behind the set.

        Args:
          source: how the data set was read.
          dataset: the data set.
        """
        facts = self.card["data"]
        if source.name != facts["name"] or facts["digest"] in (None, dataset.info.digest):
            return []
        return [f"{source.name} is not the published one, which the images are of"]

    def classes(self, dataset: data.Dataset) -> tuple[str, ...]:
        """Returns the classes that the labels count.

        Args:
          dataset: the data set that is scored on.
        """
        return tuple(self.card["data"]["classes"])


Described = RunBeside | CardOf
"""What is known of a set."""


def find(path: Path) -> Described | None:
    """Returns what is known of a set of images.

    Args:
      path: a bundle, or a set beside which a ``card.json`` or a ``summary.json`` may lie.

    Returns:
      The card, else the finished run, else None.

    Raises:
      UserError: if the card of a bundle is not valid.

    Warns:
      UserWarning: if the file beside the set is that of another version.

    Example:
      >>> find(Path("nowhere/synthetic.npz")) is None
      True
    """
    if share.is_bundle(path):
        return CardOf(share.read_bundle(path).card)
    beside = path.with_name(cards.NAME)
    if path.is_file() and beside.is_file():
        try:
            return CardOf(cards.read_card(beside.read_bytes(), where=str(path.parent)))
        except (OSError, errors.UserError) as error:
            warnings.warn(f"{beside} is ignored ({error})", stacklevel=2)
    return run_beside.find(path.with_name("summary.json"))
