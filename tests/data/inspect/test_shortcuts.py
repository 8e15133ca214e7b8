"""Simulations with known truth: facts that say nothing of the class are not named, others are."""

import numpy as np
import pytest

from medjax.data.inspect.acquisition import FACTS
from medjax.data.inspect.shortcuts import ACQUISITION, one_sided, tell_classes
from medjax.data.inspect.wording import STATED


def facts_of(rng, n, kind="any"):
    """Returns facts that depend on nothing."""
    named = {name: np.zeros(n) for name in FACTS}
    if kind == "any":
        named["height"], named["width"] = np.exp(rng.normal(6, 0.3, (2, n))).round()
    elif kind == "few":
        sizes = np.array([[512, 512], [256, 256], [1024, 768], [299, 299]])
        named["height"], named["width"] = sizes[rng.integers(0, 4, n)].T
    else:
        named["height"] = named["width"] = np.full(n, 28)
    named["padding"] = np.where(rng.random(n) < 0.1, rng.uniform(0.05, 0.4, n), 0)
    named["coloured"], named["plain"] = rng.random((2, n)) < 0.05
    named["border"] = rng.normal(0.4, 0.1, n)
    named["mean"] = named["border"] / 2 + rng.normal(0.3, 0.1, n)
    return named


def told(named, labels, groups=None, *, with_mean=False):
    made = np.stack([named[name] for name in FACTS], axis=1)
    groups = np.arange(len(labels)) if groups is None else groups
    return tell_classes(made, labels, groups, with_mean=with_mean)


def warns(found):
    return found is not None and found.auroc >= STATED and found.low > 0.5


def nothing(n, kind, classes):
    def draw(rng):
        return facts_of(rng, n, kind), rng.integers(0, classes, n)

    return draw


def patients(rng):
    """All images of a patient are made alike and are of one class."""
    groups = np.repeat(np.arange(40), rng.integers(1, 30, 40))
    named = {name: column[groups] for name, column in facts_of(rng, 40).items()}
    return named, rng.integers(0, 2, 40)[groups], groups


def rare(rng):
    return facts_of(rng, 500), (rng.random(500) < 0.03).astype(int)


def findings(rng):
    return facts_of(rng, 300, "few"), (rng.random((300, 6)) < 0.2).astype(int)


NULLS = {
    "24": nothing(24, "any", 2),
    "60": nothing(60, "few", 2),
    "300": nothing(300, "any", 2),
    "six classes": nothing(300, "any", 6),
    "one size": nothing(300, "one", 3),
    "patients": patients,
    "a rare class": rare,
    "findings": findings,
}


@pytest.mark.parametrize("kind", NULLS)
def test_without_a_shortcut_intervals_hold_chance_and_nobody_is_warned(kind):
    found = [told(*NULLS[kind](np.random.default_rng(seed))) for seed in range(60)]
    above = [x is not None and x.low > 0.5 for x in found]
    assert np.mean(above) <= 0.05 and np.mean([warns(x) for x in found]) <= 0.05


def covid(rng):
    """Padding as in a public set: 43 % of one class, 8 and 2 % of the others."""
    labels = np.repeat([0, 1, 2], (219, 1345, 1341))
    named = facts_of(rng, len(labels), "one")
    shares = np.array([0.43, 0.08, 0.02])[labels]
    named["padding"] = (rng.random(len(labels)) < shares) * rng.uniform(0.02, 0.3, len(labels))
    return named, labels


def by(name, change, n=200):
    """Two classes, one of which has another value of a fact."""

    def draw(rng):
        labels = np.arange(n) % 2
        named = facts_of(rng, n)
        change(named, labels == 1, rng)
        return named, labels

    return name, draw


def larger(named, one, rng):
    factor = np.where(one, rng.uniform(1.8, 2.4, len(one)), 1)
    named["height"], named["width"] = named["height"] * factor, named["width"] * factor


def wider(named, one, _):
    named["width"] = named["height"] * np.where(one, 1.3, 0.9)


def mostly(name, value):
    def change(named, one, rng):
        named[name] = np.where(one & (rng.random(len(one)) < 0.6), value, 0)

    return change


def canvas(named, one, _):
    named["plain"] = np.ones(len(one))
    named["border"] = np.where(one, 1.0, 0.0)


SHORTCUTS = {
    "covid": ("padding", covid),
    "size": by("size", larger),
    "aspect": by("aspect", wider),
    "padding": by("padding", mostly("padding", 0.2)),
    "colour": by("colour", mostly("coloured", 1)),
    "border": by("border", canvas),
    "twelve of a class": by("aspect", wider, n=24),
}


@pytest.mark.parametrize("kind", SHORTCUTS)
def test_a_shortcut_is_told_and_named(kind):
    name, draw = SHORTCUTS[kind]
    for seed in range(10):
        found = told(*draw(np.random.default_rng(seed)))
        assert warns(found) and found.low < found.auroc <= found.high
        assert max(found.by_fact, key=found.by_fact.get) == name
        assert tuple(found.by_fact) == ACQUISITION


def test_the_class_with_the_shortcut_is_named():
    found = told(*covid(np.random.default_rng(0)))
    assert found.label == 0 and found.auroc == pytest.approx(0.69, abs=0.05)
    rng = np.random.default_rng(0)
    named, rows = facts_of(rng, 300), (rng.random((300, 4)) < 0.3).astype(int)
    named["padding"] = 0.3 * rows[:, 2]
    assert told(named, rows).label == 2
    rows[:150, 2] = -1  # not known
    named["padding"][:150] = 0.3 * (rng.random(150) < 0.5)
    assert told(named, rows).auroc > 0.95


def test_brightness_is_no_shortcut_but_is_told_with_the_mean():
    rng, labels = np.random.default_rng(0), np.arange(200) % 2
    named = facts_of(rng, 200)
    named["plain"] = np.zeros(200)  # an edge that is part of the content is as bright as it
    named["mean"], named["border"] = named["mean"] + labels, named["border"] + labels
    assert not warns(told(named, labels))
    found = told(named, labels, with_mean=True)
    assert found.auroc > 0.95 and max(found.by_fact, key=found.by_fact.get) == "mean grey"


def test_too_few_are_not_told():
    rng = np.random.default_rng(0)
    assert told(facts_of(rng, 8), np.arange(8) % 2) is None
    assert told(facts_of(rng, 40), np.arange(40) % 2, np.arange(40) % 4) is None
    assert told(facts_of(rng, 0), np.zeros(0, int)) is None


def test_rare_traits_of_one_class():
    marks = np.eye(3, dtype=int)[np.repeat([0, 1, 2], (200, 900, 900))]
    traits = np.zeros(2000, bool)
    traits[:43] = True
    assert one_sided(traits, marks, np.arange(2000)) == (0, 43, 43)
    traits[500] = True
    assert one_sided(traits, marks, np.arange(2000)) == (0, 43, 44)
    traits[500:510] = True
    assert one_sided(traits, marks, np.arange(2000)) is None
    assert one_sided(np.arange(2000) < 43, marks, np.arange(2000) // 10) is None  # five patients
    mostly_one = np.eye(2, dtype=int)[(np.arange(2000) < 60).astype(int)]
    assert one_sided(np.arange(2000) >= 1957, mostly_one, np.arange(2000)) is None
