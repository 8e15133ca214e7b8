"""LiRA and RMIA against their formulas, and on made scores with a known leak."""

import numpy as np
import pytest
from scipy import stats

from medjax.evaluate.ranking import roc_area
from medjax.privacy.deep.likelihood import lira, rmia


@pytest.fixture
def scores():
    """``(target, shadows, inside, truth)``: images differ far more than membership shifts them."""
    rng, count, shadows = np.random.default_rng(0), 400, 16
    inside = rng.permuted(np.tile(np.arange(shadows + 1)[:, None] % 2 == 0, (1, count)), axis=0)
    base = 10 * rng.normal(size=count)
    drawn = base + inside * 1.0 + rng.normal(size=inside.shape)
    return drawn[0], drawn[1:], inside[1:], inside[0]


def test_lira_is_the_ratio_of_two_normal_laws(scores):
    target, shadows, inside, _ = scores
    found = lira(target, shadows, inside)
    spread = {}
    for side in (True, False):
        rest = [
            s[i == side] - s[i == side].mean() for s, i in zip(shadows.T, inside.T, strict=True)
        ]
        freedom = sum(len(r) - 1 for r in rest)
        spread[side] = np.sqrt(sum((r**2).sum() for r in rest) / freedom)
    for image in (0, 7):
        own = {side: shadows[inside[:, image] == side, image].mean() for side in spread}
        laws = [stats.norm.logpdf(target[image], own[s], spread[s]) for s in (True, False)]
        assert found[image] == pytest.approx(laws[0] - laws[1], rel=1e-6)


def test_shadows_see_what_scores_alone_do_not(scores):
    target, shadows, inside, truth = scores
    assert roc_area(target, truth) < 0.6
    assert roc_area(lira(target, shadows, inside), truth) > 0.7


def test_images_in_all_or_no_shadow_have_no_ratio(scores):
    target, shadows, inside, _ = scores
    inside = inside.copy()
    inside[:, 0], inside[:, 1] = True, False
    found = lira(target, shadows, inside)
    assert np.isnan(found[:2]).all() and np.isfinite(found[2:]).all()


def test_rmia_counts_population_images_that_are_exceeded():
    rng = np.random.default_rng(1)
    target, shadows = rng.uniform(size=5), rng.uniform(size=(4, 5))
    inside = rng.uniform(size=(4, 5)) < 0.5
    inside[:, 4] = True  # only shadows made with it exist
    inside[0, :4], inside[1, :4] = False, True
    rest, others = rng.uniform(size=30), rng.uniform(size=(4, 30))
    found = rmia(target, shadows, inside, (rest, others))
    for image in range(5):
        out = ~inside[:, image] if image < 4 else inside[:, image]
        ratio = target[image] / (1.3 * shadows[out, image].mean() + 0.7)
        ratios = rest / (1.3 * others.mean(axis=0) + 0.7)
        assert found[image] == pytest.approx((ratios <= ratio).mean())
