"""How well a set of images stands for the real images of its classes, in an embedding."""

import math
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial import distance

from medjax import data, kernels
from medjax.errors import UserError
from medjax.study.indicator.names import REPRESENTATIVENESS
from medjax.study.indicator.neighbours import neighbourhood_scores

NEIGHBOURS = 3
_MOST = 1000  # real images of a class; distances of all pairs are taken


def representativeness(
    features_set: np.ndarray,
    features_real: np.ndarray,
    labels_set: np.ndarray,
    labels_real: np.ndarray,
    *,
    bandwidth: float | None = None,
    neighbours: int = NEIGHBOURS,
    draws: int = 50,
    seed: int = 0,
) -> dict[str, float]:
    """Compares a set with the real images of its classes; the mean over classes.

    The features should be those of a network that was trained on real images: DM makes a distance
    under random networks small, so under them it would set its own exam. ``mmd`` is
    ``mmd_ratio`` with ``kernels.mmd_unbiased``; the others are ``neighbourhood_scores``. At most
    1,000 random real images of a class are compared.

    Args:
      features_set: float ``[m, f]``.
      features_real: float ``[n, f]`` of real images that are not in the set.
      labels_set, labels_real: int ``[m]`` and ``[n]`` in ``0 … C-1``, or rows ``[m, L]`` and
        ``[n, L]`` of a multi-label set, whose groups are its classes, see ``data.group_indices``.
      bandwidth: σ of the kernel, in units of the features; ``None`` for ``median_distance`` of the
        real ones. It must be the same for sets that are compared with each other.
      neighbours: k of the balls.
      draws: random parts of the real images that mmd is averaged over.
      seed: seed of the random parts.

    Returns:
      ``mmd`` (about −1 to 1 for random real images, large for a set unlike its classes),
      ``coverage``, ``density``, ``precision`` and ``recall``. NaN for what no class has enough
      images for: ``mmd`` takes two of the set, ``recall`` more than k.

    Raises:
      UserError: if features and labels do not fit together, or are not finite.

    Example:
      >>> features = np.random.default_rng(0).normal(size=(40, 2))
      >>> labels = np.repeat([0, 1], 20)
      >>> found = representativeness(features[::4] + 9, features, labels[::4], labels, draws=8)
      >>> found["mmd"] > 10, found["coverage"], found["precision"]
      (True, 0.0, 0.0)

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012; Naeem et al., "Reliable Fidelity and
    Diversity Metrics for Generative Models", ICML 2020; Kynkäänniemi et al., "Improved Precision
    and Recall Metric for Assessing Generative Models", NeurIPS 2019.
    """
    pairs = [_checked(features_set, labels_set), _checked(features_real, labels_real)]
    (ours, labels_set), (real, labels_real) = pairs
    if ours.shape[1] != real.shape[1] or labels_set.ndim != labels_real.ndim:
        raise UserError(
            f"features {list(ours.shape)} with labels {list(labels_set.shape)} cannot be compared "
            f"with features {list(real.shape)} with labels {list(labels_real.shape)}"
        )
    width = bandwidth or median_distance(real, seed=seed)
    scores: list[Mapping[str, float]] = []
    for label, (mine, theirs) in enumerate(_classes(labels_set, labels_real)):
        rng = np.random.default_rng([seed, label])
        theirs = rng.permutation(theirs)[:_MOST]
        if len(mine) and len(theirs):
            pair, options = (ours[mine], real[theirs]), {"draws": draws, "rng": rng}
            found = neighbourhood_scores(*pair, neighbours=neighbours)
            scores.append({"mmd": mmd_ratio(*pair, bandwidth=width, **options), **found})
    return {name: _mean([one[name] for one in scores]) for name in REPRESENTATIVENESS}


def mmd_ratio(
    features_set: np.ndarray,
    features_real: np.ndarray,
    *,
    bandwidth: float,
    draws: int,
    rng: np.random.Generator,
) -> float:
    """Divides the unbiased MMD² of a set by that of real features of the same sizes.

    With ``m`` rows of the set and ``n`` real ones, each draw divides the real rows into ``m`` and
    the ``n − m`` others. The result is ``mean_draws MMD²(set, others)`` over the root of
    ``mean_draws MMD²(the m, others)²``. The mean of the latter without the square is 0, because
    the estimate is unbiased, so it can divide nothing; its spread is what chance alone does.

    Args:
      features_set, features_real: float ``[m, f]`` and ``[n, f]``, of one class.
      bandwidth: σ, in units of the features.
      draws: number of draws.
      rng: what the draws are made with.

    Returns:
      The ratio; NaN if ``m`` or ``n − m`` is below 2, or if all real rows are equal.

    Example:
      >>> rng = np.random.default_rng(0)
      >>> real = rng.normal(size=(30, 2))
      >>> bool(mmd_ratio(real[:5] + 3, real[5:], bandwidth=1.0, draws=20, rng=rng) > 3)
      True
    """
    rows, size = len(features_set), len(features_real)
    if rows < 2 or size - rows < 2:
        return math.nan
    orders = jnp.asarray([rng.permutation(size) for _ in range(draws)])
    ours, theirs = _values(
        jnp.asarray(features_set, jnp.float32),
        jnp.asarray(features_real, jnp.float32),
        orders,
        jnp.float32(1 / bandwidth),
    )
    mean = float(np.mean(np.asarray(ours, np.float64)))
    chance = math.sqrt(np.mean(np.square(np.asarray(theirs, np.float64))))
    return mean / chance if chance > 0 else math.nan


def median_distance(features: np.ndarray, *, seed: int = 0) -> float:
    """Returns the median distance of two rows, the usual bandwidth of a Gaussian kernel.

    Args:
      features: float ``[n, f]``, of which at most 1,000 random rows count.
      seed: seed of the choice.

    Returns:
      The distance; 1 if at least half of all pairs are equal, or there is no pair.

    Example:
      >>> median_distance(np.array([[0.0], [1.0], [3.0]]))
      2.0
    """
    rows = np.random.default_rng(seed).permutation(len(features))[:_MOST]
    apart = distance.pdist(np.asarray(features, np.float64)[rows])
    return float(np.median(apart)) or 1.0 if apart.size else 1.0


@jax.jit
def _values(
    features_set: jax.Array, features_real: jax.Array, orders: jax.Array, scale: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Returns MMD² to the other real rows, of the set and of as many real rows, for each draw."""
    ours, real, rows = features_set * scale, features_real * scale, len(features_set)

    def one(order: jax.Array) -> tuple[jax.Array, jax.Array]:
        others = real[order[rows:]]
        both = (kernels.mmd_unbiased(x, others, bandwidth=1.0) for x in (ours, real[order[:rows]]))
        return tuple(both)

    return jax.lax.map(one, orders)


def _checked(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features, labels = np.asarray(features, np.float64), np.asarray(labels)
    if features.ndim != 2 or len(features) != len(labels) or not len(labels):
        raise UserError(f"{len(labels)} labels do not fit features of shape {list(features.shape)}")
    if not np.isfinite(features).all():
        raise UserError("features are not finite: no distance can be measured")
    return features, labels


def _classes(labels_set: np.ndarray, labels_real: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    """Returns the rows of each class, of the set and of the real images."""
    both = labels_set, labels_real
    if labels_real.ndim == 2:
        count = labels_real.shape[1]
    else:
        count = 1 + max(int(labels.max()) for labels in both)
    groups = [data.group_indices(labels, num_classes=count) for labels in both]
    return list(zip(*groups, strict=False))  # a side may have no image without findings


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
