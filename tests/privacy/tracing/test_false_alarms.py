"""Tracing of made images: independent sets raise no alarm, and planted leaks do."""

import numpy as np
import pytest
from scipy import stats

from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.tracing import trace

CLASSES, REPEATS = 3, 120


class Made:
    """Images of three classes: members, as many others, and a holdout."""

    def __init__(self, seed, *, each=40, features=150):
        self.rng = np.random.default_rng(seed)
        self.means = self.rng.normal(size=(CLASSES, features))
        self.each, self.features = each, features
        self.labels = np.tile(np.repeat(np.arange(CLASSES), each), 2)
        self.images = self.draw(self.labels)
        self.members = CLASSES * each

    def draw(self, labels):
        return self.means[labels] + self.rng.normal(size=(len(labels), self.features))

    def attacks(self, synthetic, labels):
        mask, own = (np.eye(CLASSES, dtype=bool)[x] for x in (self.labels, labels))
        names = tuple("abc")
        population = Population(mask, np.arange(len(mask)), self.members, names)
        held = np.repeat(np.arange(CLASSES), 30)
        every = np.concatenate([self.draw(held), self.images])
        masks = np.concatenate([np.eye(CLASSES, dtype=bool)[held], mask])
        centres = trace.group_means(every, masks)
        traced = trace.trace(self.images, mask, synthetic, own, centres)
        near = trace.nearness(self.images, mask, synthetic, own)
        found = evidence.attacks("trace", traced, population, resamples=2)
        return found + evidence.attacks("nearest", near, population, resamples=2)

    def alarms(self, synthetic, labels):
        found = self.attacks(synthetic, labels)
        return evidence.alarms(found, evidence.count_tests(found))


def ten_each():
    return np.repeat(np.arange(CLASSES), 10)


def test_independent_images_raise_at_most_the_alarms_of_the_level():
    raised = 0
    for seed in range(REPEATS):
        made = Made(seed, each=20, features=60)
        raised += bool(made.alarms(made.draw(ten_each()), ten_each()))
    # The upper end of the 95 % interval of Clopper and Pearson for the rate of false alarms.
    upper = stats.beta.ppf(0.975, raised + 1, REPEATS - raised)
    print(f"{raised} false alarms in {REPEATS} repeats, at most {upper:.3f}")
    assert stats.binom.sf(raised - 1, REPEATS, evidence.LEVEL) > 1e-3
    assert upper < 0.07


def test_means_of_members_raise_one():
    made = Made(0)
    own = made.labels[: made.members]
    means = np.stack([made.images[: made.members][own == c].mean(axis=0) for c in range(CLASSES)])
    (attack, *_) = made.alarms(means, np.arange(CLASSES))
    assert (attack.name, attack.group) == ("trace", "") and attack.auc > 0.7


def test_one_memorised_class_raises_one_of_that_class():
    made = Made(1)
    synthetic, labels = made.draw(ten_each()), ten_each()
    rows = np.flatnonzero(made.labels[: made.members] == 1)
    synthetic[labels == 1] = made.images[rows].mean(axis=0)
    groups = {attack.group for attack in made.alarms(synthetic, labels)}
    assert "b" in groups and not groups & {"a", "c"}


def test_many_real_images_passed_off_as_synthetic_raise_one():
    made = Made(2)
    rows = np.concatenate([np.flatnonzero(made.labels == c)[:20] for c in range(CLASSES)])
    found = made.alarms(made.images[rows], np.repeat(np.arange(CLASSES), 20))
    assert "nearest" in {attack.name for attack in found}


def test_the_products_expectation_is_that_of_the_theory():
    """For members of a mean of n, the product is larger by ‖x − μ‖²/n."""
    made = Made(3, each=50, features=400)
    own = made.labels[: made.members]
    means = np.stack([made.images[: made.members][own == c].mean(axis=0) for c in range(CLASSES)])
    mask = np.eye(CLASSES, dtype=bool)
    scores = trace.trace(made.images, mask[made.labels], means, mask, made.means)
    scores = np.nanmean(scores, axis=1)
    gap = scores[: made.members].mean() - scores[made.members :].mean()
    assert gap == pytest.approx(made.features / made.each, rel=0.05)


def test_a_known_start_is_subtracted():
    groups, centres = np.ones((1, 1), bool), np.zeros((1, 2))
    image, synthetic = np.array([[1.0, 0.0]]), np.array([[5.0, 0.0]])
    known = np.array([[4.0, 0.0]])
    found = trace.trace(image, groups, synthetic, groups, centres, origin=known)
    assert found.tolist() == [[1.0]]
