"""What great variation changes."""

import math

import numpy as np
import pytest

from medjax.evaluate import Interval
from medjax.study import tasks
from medjax.study.predict.outcomes import Outcome
from medjax.study.predict.variation import variation_difference, variation_markdown


def outcome(name, distilled):
    gain = Interval(100 * (distilled - 0.5), 0.0, 1.0, 3)
    scores = {"random": 0.5, "distilled": distilled, "whole": 0.9, "chance": 0.25}
    return Outcome(name, "mixed", {}, **scores, gain=gain, over_best=None, seconds=1.0)


def both(minor, great):
    names = {
        kind: [t.name for t in tasks.MIXED if t.variation == kind] for kind in ("minor", "great")
    }
    pairs = [*zip(names["minor"], minor, strict=False), *zip(names["great"], great, strict=False)]
    return [outcome(name, value) for name, value in pairs]


def test_the_interval_covers_as_it_says():
    rng, inside = np.random.default_rng(0), 0
    for _ in range(1500):
        small, large = rng.normal(size=3), 2 + rng.normal(size=3)
        found = variation_difference(small, large)
        inside += found.low <= 2 <= found.high
    assert 0.93 < inside / 1500 < 0.985  # Welch's is careful with three sets


def test_by_hand():
    found = variation_difference([1.0, 2.0], [4.0, 7.0])
    assert found.mean == 4.0 and found.n == 4
    # Standard error √(0.25 + 2.25); degrees of freedom 2.5² / (0.25² + 2.25²).
    freedom = 2.5**2 / (0.25**2 + 2.25**2)
    from scipy import special

    assert found.high - 4.0 == pytest.approx(special.stdtrit(freedom, 0.975) * math.sqrt(2.5))
    assert math.isnan(variation_difference([1.0], [2.0, 3.0]).low)
    assert math.isnan(variation_difference([1.0, 1.0], [2.0, 2.0]).low)


def test_the_answer_is_a_sentence():
    text = variation_markdown(both((0.6, 0.61, 0.62), (0.8, 0.81, 0.82)))
    assert "Recovery rises with variation: great minus minor is +30.8 points" in text
    assert text.count("| minor |") == text.count("| great |") == 3
    assert "Recovery falls" in variation_markdown(both((0.8, 0.81, 0.82), (0.6, 0.61, 0.62)))
    assert "is not shown to change" in variation_markdown(both((0.5, 0.8, 0.6), (0.6, 0.7, 0.5)))
    assert "too few sets to tell" in variation_markdown(both((0.6,), (0.8, 0.81)))


def test_without_both_kinds_there_is_no_answer():
    assert variation_markdown(both((0.6, 0.7), ())) == ""
    assert variation_markdown([outcome("mnist", 0.6)]) == ""
