"""Representativeness against loops in numpy, and its limits."""

import math

import numpy as np
import pytest

from medjax import study
from medjax.errors import UserError
from medjax.study.indicator import representativeness as module
from medjax.study.indicator.neighbours import neighbourhood_scores

M, N, FEATURES, NEIGHBOURS = 5, 12, 3, 2


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def radii(points, k):
    found = []
    for i, a in enumerate(points):
        others = [np.linalg.norm(a - b) for j, b in enumerate(points) if j != i]
        found.append(sorted(others)[k - 1])
    return found


def by_loops(ours, real, k):
    inside = [
        [np.linalg.norm(x - r) <= radius for r, radius in zip(real, radii(real, k), strict=True)]
        for x in ours
    ]
    recalled = [
        any(np.linalg.norm(x - r) <= radius for x, radius in zip(ours, radii(ours, k), strict=True))
        for r in real
    ]
    return {
        "density": np.sum(inside) / (k * len(ours)),
        "coverage": np.mean([any(column) for column in zip(*inside, strict=True)]),
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean(recalled),
    }


def by_hand_mmd(x, y, sigma):
    def k(a, b):
        return np.exp(-np.sum((a - b) ** 2) / (2 * sigma**2))

    parts = [
        np.mean([k(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])
        for z in (x, y)
    ]
    return sum(parts) - 2 * np.mean([k(a, b) for a in x for b in y])


@pytest.mark.parametrize("shift", [0.0, 0.7, 3.0])
def test_neighbourhoods_are_their_definition(shift):
    ours, real = normal(0, M, FEATURES) + shift, normal(1, N, FEATURES)
    found = neighbourhood_scores(ours, real, neighbours=NEIGHBOURS)
    assert found == pytest.approx(by_loops(ours, real, NEIGHBOURS))


def test_a_real_image_lies_in_its_own_ball_whatever_its_features_are():
    real = normal(1, N, FEATURES) * 1e-6 + 1e3
    found = neighbourhood_scores(real[:M], real, neighbours=NEIGHBOURS)
    assert found["precision"] == 1 and found["coverage"] >= M / N


def test_balls_need_more_images_than_neighbours():
    real = normal(1, N, FEATURES)
    few = neighbourhood_scores(real[:2], real, neighbours=2)
    assert math.isnan(few["recall"]) and few["precision"] == 1
    none = neighbourhood_scores(real[:0], real, neighbours=2)
    alone = neighbourhood_scores(real[:3], real[:2], neighbours=2)
    assert all(map(math.isnan, none.values())) and math.isnan(alone["coverage"])
    assert not math.isnan(alone["recall"])


def test_mmd_is_a_ratio_to_as_many_real_images():
    ours, real, draws = normal(0, M, FEATURES) + 0.5, normal(1, N, FEATURES), 7
    found = module.mmd_ratio(ours, real, bandwidth=1.3, draws=draws, rng=np.random.default_rng(3))
    rng, mine, chance = np.random.default_rng(3), [], []
    for order in (rng.permutation(N) for _ in range(draws)):
        others = real[order[M:]]
        mine.append(by_hand_mmd(ours, others, 1.3))
        chance.append(by_hand_mmd(real[order[:M]], others, 1.3) ** 2)
    assert found == pytest.approx(np.mean(mine) / np.sqrt(np.mean(chance)), rel=1e-3)


def test_random_real_images_have_mmd_about_zero_and_others_do_not():
    population = normal(5, 400, FEATURES)
    values = []
    for seed in range(40):
        rows = np.random.default_rng(seed).permutation(60)
        real = population[rows[5:]]
        rng = np.random.default_rng(seed)
        values.append(module.mmd_ratio(population[rows[:5]], real, bandwidth=2.0, draws=8, rng=rng))
    assert abs(np.mean(values)) < 0.5 and 0.4 < np.std(values) < 1.8
    away = module.mmd_ratio(
        population[:5] + 2, population[5:60], bandwidth=2.0, draws=8, rng=np.random.default_rng(0)
    )
    assert away > 5


def test_it_is_the_mean_over_classes():
    ours, real = normal(0, 2 * M, FEATURES), normal(1, 2 * N, FEATURES)
    labels_set, labels_real = np.arange(2 * M) % 2, np.arange(2 * N) % 2
    ours[labels_set == 1] += 50  # the second class is nowhere near its images
    found = study.representativeness(
        ours, real, labels_set, labels_real, neighbours=NEIGHBOURS, draws=8
    )
    assert list(found) == ["mmd", "coverage", "density", "precision", "recall"]
    classes = [by_loops(ours[labels_set == c], real[labels_real == c], NEIGHBOURS) for c in (0, 1)]
    for name, value in found.items():
        if name != "mmd":
            assert value == pytest.approx(np.mean([one[name] for one in classes]))
    assert classes[1]["precision"] == 0 < classes[0]["precision"]
    again = study.representativeness(
        ours, real, labels_set, labels_real, neighbours=NEIGHBOURS, draws=8
    )
    assert again == found


def test_a_class_without_images_does_not_count_and_one_image_has_no_mmd():
    real, labels = normal(1, 2 * N, FEATURES), np.arange(2 * N) % 2
    found = study.representativeness(real[:1], real[2:], labels[:1], labels[2:])
    assert math.isnan(found["mmd"]) and math.isnan(found["recall"])
    assert found["precision"] in (0, 1) and 0 <= found["coverage"] <= 1


def test_label_rows_have_groups():
    real, rows = normal(1, 30, FEATURES), (np.arange(60).reshape(30, 2) % 3 == 0).astype(np.int32)
    found = study.representativeness(real[:9] + 20, real, rows[:9], rows, draws=8)
    assert found["precision"] == 0 and np.isfinite(found["mmd"])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"features_set": np.zeros((2, 4))}, "cannot be compared"),
        ({"labels_set": np.zeros((2, 2), int)}, "cannot be compared"),
        ({"labels_set": np.zeros(3, int)}, "3 labels do not fit features of shape"),
        ({"features_real": np.full((4, 3), np.nan)}, "not finite"),
        ({"features_set": np.zeros((0, 3)), "labels_set": np.zeros(0, int)}, "0 labels do not"),
    ],
)
def test_what_does_not_fit_is_refused(change, complaint):
    given = {"features_set": np.zeros((2, 3)), "features_real": normal(0, 4, 3)}
    given |= {"labels_set": np.zeros(2, int), "labels_real": np.zeros(4, int), **change}
    with pytest.raises(UserError, match=complaint):
        study.representativeness(*given.values())
