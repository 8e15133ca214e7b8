"""Attacks with shadow distillations: LiRA and offline RMIA."""

import numpy as np

_LEAST_SPREAD = 1e-6


def lira(target: np.ndarray, shadows: np.ndarray, inside: np.ndarray) -> np.ndarray:
    r"""Computes the online likelihood ratio of each image, with pooled variances.

    The score of an image is taken to be normal, with a mean of its own over the shadows that were
    made with it, ``μ_in``, and over those without it, ``μ_out``, and with two variances common to
    all images. The result is ``log N(s; μ_in, σ²_in) − log N(s; μ_out, σ²_out)``.

    Args:
      target: float ``[n]``, scores under the attacked set; NaN is kept.
      shadows: float ``[k, n]``, scores under each shadow's set.
      inside: bool ``[k, n]``, whether a shadow was made with the image.

    Returns:
      float64 ``[n]``; NaN for an image that all shadows or none were made with.

    Example:
      >>> shadows = np.array([[1.0, 0.0], [0.0, 1.0], [1.2, 0.2], [0.2, 1.2]])
      >>> inside = np.eye(2) > 0
      >>> ratio = lira(np.array([1.1, 0.1]), shadows, np.tile(inside, (2, 1)))
      >>> bool(ratio[0] > 0 > ratio[1])
      True

    Carlini et al., "Membership inference attacks from first principles", IEEE S&P 2022.
    """
    ratio = np.zeros(len(target))
    for sign, chosen in ((1, inside), (-1, ~inside)):
        counts = chosen.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(chosen, shadows, 0).sum(axis=0) / counts
        residuals = np.where(chosen, shadows - means, 0)
        freedom = np.maximum(counts - 1, 0)[~np.isnan(means) & ~np.isnan(target)].sum()
        variance = np.nansum(residuals**2) / max(freedom, 1) + _LEAST_SPREAD**2
        ratio += sign * (-((target - means) ** 2) / (2 * variance) - np.log(variance) / 2)
    return ratio


def rmia(
    target: np.ndarray,
    shadows: np.ndarray,
    inside: np.ndarray,
    population: tuple[np.ndarray, np.ndarray],
    *,
    offline_weight: float = 0.3,
) -> np.ndarray:
    r"""Computes offline RMIA: how many population images an image's likelihood ratio exceeds.

    With the probability ``p(x)`` of the label of an image under the attacked set and its mean
    ``q(x)`` under shadows that were made *without* it, the ratio is ``p / ((1 + a) q + (1 − a))``,
    and the score is the share of population images with a ratio of at most that of the image.

    Args:
      target: float ``[n]``, probabilities of the labels under the attacked set.
      shadows: float ``[k, n]``, those under each shadow's set.
      inside: bool ``[k, n]``, whether a shadow was made with the image.
      population: ``(target [m], shadows [k, m])``, the same for images that no set was made with.
      offline_weight: ``a``, between 0 and 1.

    Returns:
      float64 ``[n]``, 0–1.

    Example:
      >>> one = np.array([0.9, 0.4])
      >>> rest = (np.array([0.5]), np.array([[0.5]]))
      >>> rmia(one, np.array([[0.5, 0.5]]), np.zeros((1, 2), bool), rest).tolist()
      [1.0, 0.0]

    Zarifzadeh, Liu and Shokri, "Low-cost high-power membership inference attacks", ICML 2024.
    """

    def ratio(own: np.ndarray, others: np.ndarray) -> np.ndarray:
        found: np.ndarray = own / ((1 + offline_weight) * others + (1 - offline_weight))
        return found

    counts = np.maximum((~inside).sum(axis=0), 1)
    without = np.where(inside, 0, shadows).sum(axis=0) / counts
    without = np.where(inside.all(axis=0), shadows.mean(axis=0), without)
    ratios, rest = ratio(target, without), ratio(population[0], population[1].mean(axis=0))
    return np.searchsorted(np.sort(rest), ratios, side="right") / len(rest)
