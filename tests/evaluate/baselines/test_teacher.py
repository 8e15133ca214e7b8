"""A teacher: its labels, and the baselines that get them."""

import dataclasses
import functools

import jax
import numpy as np
import pytest

from medjax import data, evaluate
from medjax.errors import UserError
from medjax.evaluate import Plan, protocol
from medjax.evaluate.baselines import subsets, whole
from medjax.evaluate.baselines.teacher import first_network
from medjax.training import Recipe

PLAN = Plan(
    ipc=2,
    recipe=Recipe(epochs=10, learning_rate=0.1, batch_size=8),
    select_recipe=Recipe(epochs=10, learning_rate=0.1, batch_size=8, name="fast"),
    num_networks=2,
    select_by="auroc",
    select_networks=1,
    draws=2,
    whole_steps=40,
    factor=2,
)


@pytest.fixture(scope="module")
def make_teacher(shades):
    return functools.partial(evaluate.make_teacher, *shades, plan=PLAN)


@pytest.fixture(scope="module")
def score(shades):
    return functools.partial(evaluate.score_baselines, *shades, plan=PLAN)


@pytest.fixture(scope="module")
def teacher(make_teacher):
    return make_teacher(temperature=2.0)


@pytest.fixture
def trainings(monkeypatch):
    """The trainings in order, as ``(images, labels, recipe)``."""
    calls = []
    for module in (subsets, protocol):

        def record(key, net, images, labels, *, original=module.train_networks, **options):
            calls.append((images, labels, options["recipe"]))
            return original(key, net, images, labels, **options)

        monkeypatch.setattr(module, "train_networks", record)
    return calls


@pytest.mark.parametrize("temperature", [1.0, 2.0, 20.0])
def test_labels_are_the_softmax_of_the_first_networks_logits(teacher, temperature, shades):
    head = {name: np.asarray(x, np.float64) for name, x in teacher.whole.arrays.items()}
    inputs = ((shades.train.images / 255 - 0.5) / 0.25).reshape(30, -1)
    logits = inputs @ head["params/head/kernel"] + head["params/head/bias"]
    powers = np.exp(logits / temperature)
    soft = teacher._replace(temperature=temperature).label(shades.train.images)
    np.testing.assert_allclose(soft, powers / powers.sum(1, keepdims=True), rtol=1e-4, atol=1e-6)
    assert soft.dtype == np.float32 and data.are_probabilities(soft)
    normalised = data.normalize(shades.train.images, *shades.benchmark.stats)
    found = teacher._replace(temperature=temperature).label(normalised)
    np.testing.assert_allclose(found, soft, rtol=1e-5, atol=1e-7)


def test_it_is_the_first_network_of_the_whole_set(teacher, score):
    kept = []

    def keep(content, make):
        kept.append((content["kind"], content.get("balanced"), make()))
        return kept[-1][-1]

    baselines = score(keep=keep)
    (made,) = [made for kind, balanced, made in kept if (kind, balanced) == ("whole", False)]
    assert baselines["whole"].scores == made.facts["scores"]
    for ours, theirs in zip(
        *map(jax.tree.leaves, (first_network(teacher.whole), first_network(made))), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_teacher_that_diverged_says_nothing(teacher, shades):
    broken = {name: np.full_like(x, np.nan) for name, x in teacher.whole.arrays.items()}
    lost = teacher._replace(whole=teacher.whole._replace(arrays=broken))
    np.testing.assert_array_equal(lost.label(shades.train.images), np.full((30, 2), 0.5))


def test_subsets_have_the_labels_of_the_teacher(teacher, trainings, monkeypatch, score):
    trained = []
    original = whole.start_training
    monkeypatch.setattr(
        whole, "start_training", lambda *a, **k: trained.append(k["recipe"]) or original(*a, **k)
    )
    baselines = score(teacher=teacher)
    assert list(baselines) == [
        "random",
        "random_selected",
        "random_mixed",
        "random_mixed_selected",
        "random_hard",
        "kcenter",
        "whole",
        "whole_balanced",
    ]
    assert [(r.balanced, r.soft_labels) for r in trained] == [(True, False)]  # whole is known
    (hard,) = [call for call in trainings if not call[2].soft_labels]
    assert len(trainings) == 10 and hard[1].ndim == 1
    for images, labels, recipe in trainings:
        if recipe.soft_labels:
            np.testing.assert_array_equal(labels, teacher.label(images))
    assert {recipe.name for _, _, recipe in trainings} == {"reference", "fast"}
    assert baselines["whole"] == score()["whole"]


def test_hard_labels_stand_beside(teacher, score):
    soft, hard = score(teacher=teacher), score()
    assert soft["random_hard"] == hard["random"] and "random_hard" not in hard
    assert soft["random"] != hard["random"] and soft["kcenter"] != hard["kcenter"]
    assert soft["whole_balanced"] == hard["whole_balanced"]


def test_what_is_kept_of_hard_labels_is_not_taken_for_soft_ones(teacher, score, shades):
    contents = {}
    keys = jax.random.key(5), shades.keys[1]
    of_another_key = evaluate.make_teacher(keys, *shades[1:], plan=PLAN, temperature=2.0)

    def keeper(name):
        found = contents.setdefault(name, [])
        return lambda content, make: found.append(repr(sorted(content.items()))) or make()

    score(keep=keeper("hard"))
    score(keep=keeper("soft"), teacher=teacher)
    score(keep=keeper("softer"), teacher=teacher._replace(temperature=3.0))
    score(keep=keeper("other"), teacher=of_another_key)
    hard, soft, softer, other = (set(found) for found in contents.values())
    shared = {x for x in hard if "'kind', 'whole'" in x or "'kind', 'random')" in x}
    assert hard & soft == {x for x in soft if "soft_labels': False" in x} <= shared
    assert len(soft - hard) == 9
    assert soft & softer == soft & other == soft & hard


def test_findings_have_no_teacher(shades):
    findings = shades.benchmark._replace(task="multi-label, binary-class")
    with pytest.raises(UserError, match="a teacher needs classes that exclude each other"):
        evaluate.make_teacher(*shades[:3], findings, plan=PLAN)


def test_recipes_of_the_plan_stay(teacher, score):
    before = dataclasses.replace(PLAN.recipe)
    score(teacher=teacher)
    assert PLAN.recipe == before and not PLAN.recipe.soft_labels
