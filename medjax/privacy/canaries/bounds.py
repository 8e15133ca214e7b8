"""Bounds of ε by the scores of canaries."""

import importlib.util
from typing import Any

import numpy as np
from scipy import stats

from medjax.errors import UserError

CONFIDENCE = 0.95
_DELTA = 1e-5


def epsilon_bounds(scores: np.ndarray, included: np.ndarray) -> dict[str, Any]:
    """Bounds ε from below by the scores of canaries, at 95 % confidence.

    The bound of Clopper and Pearson takes the scores of canaries for independent, which those of
    one run are not; that of one run does not. Both take a coin to have included each canary, and
    here exactly half are. A canary that is included four times bounds the ε of
    four images together.

    Args:
      scores: float ``[n]``, the higher, the more like an included one.
      included: bool ``[n]``.

    Returns:
      ``{"included", "others", "auc", "tpr_at_fpr_0.05", "epsilon_clopper_pearson",
      "epsilon_one_run", "confidence", "delta"}``.

    Raises:
      UserError: if ``jax-privacy`` is not installed.

    Example:
      >>> found = epsilon_bounds(np.arange(200.0), np.arange(200) >= 100)
      >>> found["auc"], round(found["epsilon_clopper_pearson"], 1)
      (1.0, 3.0)

    Jagielski, Ullman and Oprea, "Auditing differentially private machine learning", NeurIPS 2020;
    Steinke, Nasr and Jagielski, "Privacy auditing with one (1) training run", NeurIPS 2023.
    """
    check_installed()
    from jax_privacy.auditing import CanaryScoreAuditor

    inside, outside = scores[included], scores[~included]
    auditor = CanaryScoreAuditor(inside, outside)
    significance = 1 - CONFIDENCE
    return {
        "included": int(included.sum()),
        "others": int((~included).sum()),
        # The auditor's own area is that of the best thresholds, above 0.5 by chance alone.
        "auc": float(stats.mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))),
        "tpr_at_fpr_0.05": float(auditor.tpr_at_given_fpr(0.05)),
        "epsilon_clopper_pearson": float(auditor.epsilon_clopper_pearson(significance)),
        "epsilon_one_run": float(auditor.epsilon_one_run(significance, _DELTA)),
        "confidence": CONFIDENCE,
        "delta": _DELTA,
    }


def check_installed() -> None:
    """Raises ``UserError`` if ``jax-privacy``, which bounds ε, is not installed."""
    if importlib.util.find_spec("jax_privacy") is None:
        raise UserError("a deep audit needs jax-privacy: pip install -e '.[privacy]'")
