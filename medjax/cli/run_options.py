"""The options with which a run scored its images, read from its ``summary.json``."""

import dataclasses
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medjax import errors, training
from medjax.run.settings import Settings
from medjax.run.summary import read_summary


def options_of_run(path: Path) -> dict[str, Any]:
    """Returns the options of ``medjax.evaluate`` with which a run scored its images.

    Args:
      path: the ``summary.json`` of the run.

    Returns:
      The options by name; none if there is no such file, or, with a warning, if it is of another
      version.

    Example:
      >>> options_of_run(Path("no-such-run/summary.json"))
      {}
    """
    summary = read_summary(path)
    if summary is None:
        return {}
    try:
        settings = Settings.from_config(summary["config"])
        recipe = _recipe_of(summary)
    except errors.UserError as error:
        warnings.warn(f"{path} is not of this version and is ignored ({error})", stacklevel=2)
        return {}
    return {
        "data": settings.data.name,
        "size": settings.data.size,
        "source": settings.data,
        "nets": [settings.net.text],
        "networks": settings.evaluation.networks,
        "precision": settings.precision,
        "seed": settings.seed,
        "recipe": recipe,
        "augment": recipe["augment"] or "none",
    }


def _recipe_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the recipe of a run."""
    recipe, known = summary.get("recipe"), [x.name for x in dataclasses.fields(training.Recipe)]
    if not isinstance(recipe, dict) or set(recipe) != set(known):
        raise errors.UserError(f"recipe needs {', '.join(known)}, got {recipe}")
    return vars(training.Recipe(**recipe))
