"""The networks that diverged, in a sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

Scores = Mapping[str, Mapping[str, Any]] | None


def diverged_lines(rows: Iterable[tuple[str, Scores, Scores]]) -> list[str]:
    """Says in one sentence which networks diverged; no sentence if none did.

    Args:
      rows: a name with metrics on val and on test, whose entries count the networks that
        ``diverged``, of one seed or over several.

    Example:
      >>> test = {"auroc": {"mean": 0.7, "std": 0.2, "n": 5, "diverged": 2}}
      >>> diverged_lines([("resnet18", None, test), ("vgg11", test, None)])
      ['Networks that diverged count as guessing: 2 of 5 of resnet18, 2 of 5 of vgg11.']
    """
    found = []
    for name, *splits in rows:
        entries = [entry for scores in splits for entry in (scores or {}).values()]
        worst = max(entries, key=lambda entry: entry.get("diverged") or 0, default={})
        if worst.get("diverged"):
            # Over seeds, ``n`` counts these, and ``values`` are those of all networks.
            count = np.size(worst["values"]) if "values" in worst else worst["n"]
            found.append(f"{worst['diverged']} of {count} of {name}")
    listed = ", ".join(found)
    return [f"Networks that diverged count as guessing: {listed}."] if found else []
