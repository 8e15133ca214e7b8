"""Canaries: planted images that are easy to trace, of which a coin decides which are included."""

import importlib.util
from typing import Any, NamedTuple

import numpy as np

from medjax.data import Split
from medjax.errors import UserError

KINDS = ("mislabelled", "rare", "duplicated")
_COPIES = 4
_MOST = 0.02
"""The greatest share of the data that canaries may be."""
CONFIDENCE = 0.95
_DELTA = 1e-5


class Canaries(NamedTuple):
    """Planted images.

    Attributes:
      split: the images and the labels that they have in the audit.
      kinds: int ``[n]``, the places of their kinds in ``KINDS``.
      included: bool ``[n]``, whether they are among the images distilled.
    """

    split: Split
    kinds: np.ndarray
    included: np.ndarray

    def added(self) -> Split:
        """Returns the images to distil besides the others; duplicated ones occur several times."""
        times = np.where(KINDS[-1] == np.array(KINDS)[self.kinds], _COPIES, 1)
        rows = np.repeat(np.arange(len(times)), np.where(self.included, times, 0))
        return Split(self.split.images[rows], self.split.labels[rows])


def plant(seed: int, others: Split, distances: np.ndarray, *, size: int) -> Canaries:
    """Makes canaries of images that are not distilled otherwise.

    A third has the label of another class, a third is the farthest from the mean of its class, and
    a third is included four times. Half of each kind is included, drawn at random; these are at
    most 2 % of the images.

    Args:
      seed: what is drawn is a function of it.
      others: the images to choose from, with labels ``[n]``.
      distances: float ``[n]``, from the mean of their class.
      size: how many images are distilled besides.

    Returns:
      The canaries.

    Raises:
      UserError: if 2 % of the images are too few for one canary of each kind.

    Example:
      >>> some = Split(np.zeros((99, 2, 2, 1), np.uint8), np.arange(99) % 3)
      >>> made = plant(0, some, np.arange(99.0), size=600)
      >>> len(made.kinds), int(made.included.sum()), len(made.added().labels)
      (12, 6, 12)
    """
    pairs = int(_MOST * size) // (len(KINDS) - 1 + _COPIES)  # one of a pair is included
    pairs = min(pairs, len(others) // (2 * len(KINDS)))
    if pairs < 1:
        raise UserError(
            f"canaries may be 2 % of {size} images, which is too few for one of each kind"
        )
    rng, each = np.random.default_rng([seed, 0xCA9A81]), 2 * pairs
    far = np.argsort(-distances, kind="stable")[:each]
    rest = rng.permutation(np.setdiff1d(np.arange(len(others)), far))[: 2 * each]
    rows = np.concatenate([rest[:each], far, rest[each:]])
    labels = np.array(others.labels[rows])
    classes = int(others.labels.max()) + 1
    labels[:each] = (labels[:each] + rng.integers(1, classes, each)) % classes
    included = [rng.permutation(each) < pairs for _ in KINDS]
    kinds = np.repeat(np.arange(len(KINDS)), each)
    return Canaries(Split(others.images[rows], labels), kinds, np.concatenate(included))


def epsilon_bounds(scores: np.ndarray, included: np.ndarray) -> dict[str, Any]:
    """Bounds ε from below by the scores of canaries, at 95 % confidence.

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

    auditor = CanaryScoreAuditor(scores[included], scores[~included])
    significance = 1 - CONFIDENCE
    return {
        "included": int(included.sum()),
        "others": int((~included).sum()),
        "auc": float(auditor.attack_auroc()),
        "tpr_at_fpr_0.05": float(auditor.tpr_at_given_fpr(0.05)),
        "epsilon_clopper_pearson": float(auditor.epsilon_clopper_pearson(significance)),
        "epsilon_one_run": float(auditor.epsilon_one_run(significance, _DELTA)),
        "confidence": CONFIDENCE,
        "delta": _DELTA,
    }


def check_installed() -> None:
    """Raises ``UserError`` if ``jax-privacy``, which bounds ε, is not installed."""
    if importlib.util.find_spec("jax_privacy") is None:
        raise UserError("a deep audit needs jax-privacy: pip install 'medjax[privacy]'")
