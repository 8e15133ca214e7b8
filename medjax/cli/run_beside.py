"""The run whose images are scored: its options, and whether its data has changed since."""

import dataclasses
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medjax import data, errors, training
from medjax.data.pictures.sources import PREFIXES
from medjax.run.binding import binding, changed
from medjax.run.config.old import upgraded
from medjax.run.settings import DataSettings, Settings
from medjax.run.summary import read_summary


class RunBeside(NamedTuple):
    """A finished run whose ``summary.json`` lies beside a set of images.

    Attributes:
      settings: its settings.
      recipe: how it trained networks.
      provenance: what its summary holds of its data.
    """

    settings: Settings
    recipe: dict[str, Any]
    provenance: Mapping[str, Any]
    said_by = "the summary.json beside it"
    elsewhere = (
        ", or copy the set to a folder without that file, where its labels count them in this order"
    )

    def options(self) -> dict[str, Any]:
        """Returns the options with which the run scored its images."""
        settings = self.settings
        return {
            "data": settings.data.name,
            "size": settings.data.size,
            "source": settings.data,
            "nets": [settings.net.text],
            "networks": settings.evaluation.networks,
            "precision": settings.precision,
            "seed": settings.seed,
            "recipe": self.recipe,
            "augment": self.recipe["augment"] or "none",
        }

    def data_warnings(self, source: DataSettings, dataset: data.Dataset) -> list[str]:
        """Says if a data set is that of the run, but has changed since.

        Args:
          source: how the data set was read.
          dataset: the data set.
        """
        before, now = self.provenance.get("digest"), dataset.info.digest
        if before in (None, now) or not self._reads(source, dataset):
            return []
        said = changed(source.name, before, now)
        return [f"the data has changed since the run: {said}; these are scores on other images"]

    def classes(self, dataset: data.Dataset) -> tuple[str, ...] | None:
        """Returns the classes that the labels of the run count; None if the summary has none.

        Args:
          dataset: the data set that is scored on. If it is the run's, its own names count: another
            version may call the classes otherwise.
        """
        if self.provenance.get("digest") == dataset.info.digest:
            return dataset.info.classes
        known = self.provenance.get("classes")
        return tuple(map(str, known)) if known else None

    def _reads(self, source: DataSettings, dataset: data.Dataset) -> bool:
        """Returns whether a data set is read from the same place in the same way as the run's."""
        ours, place = self.settings.data, str(self.provenance.get("source"))
        if os.path.realpath(place) == os.path.realpath(dataset.info.source):
            source = dataclasses.replace(source, name=ours.name)
        if _bound(source) != _bound(ours):
            return False
        # The digest of pictures is of what they were made into.
        steps = self.provenance.get("preparation")
        return not ours.name.startswith(PREFIXES) or steps == dataset.preparation.listed()


def _bound(source: DataSettings) -> dict[str, Any]:
    """Returns what the images of a data set depend on, besides their preparation."""
    chosen = {"name": source.name, "size": source.size, **source.sources.asdict()}
    return binding({"data": chosen})


def find(path: Path) -> RunBeside | None:
    """Returns the run of a ``summary.json``; None without one, or with that of another version.

    Args:
      path: the file, which need not exist.

    Warns:
      UserWarning: if the summary is that of another version.

    Example:
      >>> find(Path("nowhere/summary.json")) is None
      True
    """
    summary = read_summary(path)
    if summary is None:
        return None
    try:
        settings, recipe = Settings.from_config(upgraded(summary["config"])), _recipe_of(summary)
    except errors.UserError as error:
        warnings.warn(f"{path} is not of this version and is ignored ({error})", stacklevel=2)
        return None
    return RunBeside(settings, recipe, summary.get("data") or {})


def _recipe_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the recipe of a run."""
    recipe, known = summary.get("recipe"), [x.name for x in dataclasses.fields(training.Recipe)]
    if not isinstance(recipe, dict) or not set(recipe) <= set(known):
        raise errors.UserError(f"recipe takes {', '.join(known)}, got {recipe}")
    return vars(training.Recipe(**recipe))
