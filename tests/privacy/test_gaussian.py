"""The noise of Gaussian releases against the analytic formula."""

import math

import pytest
from scipy import optimize, stats

from medjax import privacy
from medjax.errors import UserError


def analytic(epsilon, delta):
    """Balle and Wang (2018), theorem 8: the smallest sigma for sensitivity 1."""

    def excess(sigma):
        near = stats.norm.cdf(1 / (2 * sigma) - epsilon * sigma)
        far = math.exp(epsilon) * stats.norm.cdf(-1 / (2 * sigma) - epsilon * sigma)
        return near - far - delta

    return optimize.brentq(excess, 1e-2, 1e4, xtol=1e-12)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("delta", [1e-3, 1e-5])
def test_it_is_the_analytic_mechanism(epsilon, delta):
    assert privacy.sigma(epsilon, delta) == pytest.approx(analytic(epsilon, delta), rel=1e-6)


def test_the_number_of_the_contract():
    assert round(privacy.sigma(1, 1e-5), 4) == 3.7306


def test_releases_compose_as_gaussians_do():
    """``k`` releases are one of ``sigma/√k``, so its epsilon is that asked for."""
    pld = pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")
    sigma = privacy.sigma(2.0, 1e-5, releases=9)
    assert sigma == pytest.approx(3 * privacy.sigma(2.0, 1e-5))
    one = pld.from_gaussian_mechanism(sigma, value_discretization_interval=1e-3)
    composed = one.self_compose(9).get_epsilon_for_delta(1e-5)
    assert composed == pytest.approx(2.0, rel=5e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1e-5, 1), "epsilon must be a finite number above 0, got 0"),
        ((math.inf, 1e-5, 1), "epsilon must be a finite number above 0, got inf"),
        ((1, 0, 1), "delta must be between 0 and 1, got 0"),
        ((1, 1, 1), "delta must be between 0 and 1, got 1"),
        ((1, 1e-5, 0), "releases must be a whole number of at least 1, got 0"),
        ((1, 1e-5, 1.5), "releases must be a whole number of at least 1, got 1.5"),
    ],
)
def test_values_out_of_range(arguments, message):
    epsilon, delta, releases = arguments
    with pytest.raises(UserError) as raised:
        privacy.sigma(epsilon, delta, releases=releases)
    assert str(raised.value) == message
