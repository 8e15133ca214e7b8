"""The jobs of a study of any form: a grid, several sites, or transfer."""

import importlib
from collections.abc import Mapping
from typing import Any

from medjax.errors import unknown
from medjax.study.grid.grid import Grid

FORM = "study"
"""The setting that names the form of a study; a grid has none."""
_FORMS = {
    "grid": "medjax.study.grid.grid",
    "sites": "medjax.study.sites.listing",
    "transfer": "medjax.study.transfer.listing",
}


def list_jobs(study: Mapping[str, Any]) -> Grid:
    """Lists the jobs of a study by the ``make_grid`` of its form.

    Args:
      study: the settings, from the ``config.make`` of the form, as nested dicts.

    Raises:
      UserError: for an unknown form, and as the form's own function.

    Example:
      >>> list_jobs({"study": "site"})
      Traceback (most recent call last):
      medjax.errors.UserError: unknown form of study 'site' (did you mean 'sites'?); choose from: \
grid, sites, transfer
    """
    form = study.get(FORM, "grid")
    if form not in _FORMS:
        raise unknown("form of study", form, _FORMS)
    made: Grid = importlib.import_module(_FORMS[form]).make_grid(study)
    return made
