"""The noise of Gaussian releases for a differential privacy guarantee."""

import math

from medjax.errors import UserError


def sigma(epsilon: float, delta: float, *, releases: int = 1) -> float:
    r"""Computes the noise multiplier of Gaussian releases that are (ε, δ)-differentially private.

    A release adds normal noise of standard deviation ``sigma · s`` to a sum over *all* records,
    without sampling, where adding or removing one record changes the sum by at most ``s`` in L2. It
    is (ε, δ)-private if and only if
    ``Φ(1/(2σ) − εσ) − exp(ε) Φ(−1/(2σ) − εσ) ≤ δ``, and the smallest such σ is returned. ``k``
    releases of multiplier σ are together as private as one of ``σ/√k``, whose noise is Gaussian
    too, so the result for ``k`` is ``√k`` times that for one.

    Args:
      epsilon: ε, above 0.
      delta: δ, between 0 and 1, both excluded.
      releases: number of releases that are composed, at least 1.

    Returns:
      The standard deviation of the noise of each release, in units of the sensitivity.

    Raises:
      UserError: for a value out of range, or if ``dp-accounting`` is not installed.

    Example:
      >>> round(sigma(1.0, 1e-5), 4), round(sigma(1.0, 1e-5, releases=4), 4)
      (3.7306, 7.4613)

    Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy: Analytical
    Calibration and Optimal Denoising", ICML 2018.
    """
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise UserError(f"epsilon must be a finite number above 0, got {epsilon}")
    if not 0 < delta < 1:
        raise UserError(f"delta must be between 0 and 1, got {delta}")
    if isinstance(releases, bool) or not isinstance(releases, int) or releases < 1:
        raise UserError(f"releases must be a whole number of at least 1, got {releases}")
    try:
        from dp_accounting import gaussian_mechanism
    except ImportError as error:
        raise UserError("accounting needs dp-accounting: pip install -e '.[privacy]'") from error
    return math.sqrt(releases) * float(gaussian_mechanism.get_sigma_gaussian(epsilon, delta))
