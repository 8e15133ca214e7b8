"""Layered strategies: what is in every draw, what is drawn, and in which order."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import augment
from medjax.errors import UserError

KEY = jax.random.key(0)
FULL = ("color", "crop", "cutout", "flip", "scale", "rotate")
ORDER = ["flip", "color", None, "cutout"]  # one of crop, scale and rotate


def images(n, size=8):
    return jnp.asarray(np.random.default_rng(0).normal(size=(n, size, size, 3)), jnp.float32)


@pytest.mark.parametrize("op", [0, 1, 2])
@pytest.mark.parametrize("shape", [(), (4,)], ids=["siamese", "per image"])
def test_the_operators_follow_each_other(op, shape):
    strategy = augment.LayeredStrategy(FULL)
    units, given = jax.random.uniform(KEY, (*shape, 12)), images(4)
    found = strategy.apply(augment.Draw(jnp.int32(op), units), given)
    expected = given
    for place, name in enumerate(ORDER):
        name = name or ("crop", "scale", "rotate")[op]
        draw = augment.Draw(jnp.int32(0), units[..., 3 * place : 3 * place + 3])
        expected = augment.parse_strategy(name).apply(draw, expected)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (np.asarray(found) != np.asarray(given)).any()


def test_one_of_the_others_is_drawn_and_equally_often():
    strategy = augment.LayeredStrategy(FULL)
    draws = jax.vmap(strategy.sample)(jax.random.split(KEY, 3000))
    np.testing.assert_allclose(np.bincount(draws.op) / 3000, 1 / 3, atol=0.03)
    assert draws.units.shape == (3000, 12)
    np.testing.assert_allclose(np.corrcoef(draws.units.T), np.eye(12), atol=0.08)
    np.testing.assert_allclose(draws.units.mean(0), 0.5, atol=0.03)


def test_units_are_of_each_image_or_of_all():
    strategy = augment.LayeredStrategy(("color", "crop", "cutout"))
    assert strategy.sample(KEY).units.shape == (9,)
    draw = strategy.sample_per_image(KEY, 5)
    assert draw.units.shape == (5, 9) and draw.op.shape == ()
    alone = [
        strategy.apply(draw._replace(units=draw.units[i : i + 1]), images(5)[i : i + 1])
        for i in range(5)
    ]
    np.testing.assert_allclose(strategy.apply(draw, images(5)), jnp.concatenate(alone), atol=1e-6)


@pytest.mark.parametrize(("names", "layers"), [((), 0), (("cutout",), 1), (("crop", "scale"), 1)])
def test_only_what_is_named(names, layers):
    strategy = augment.LayeredStrategy(names)
    draw = strategy.sample(KEY)
    assert draw.units.shape == (3 * layers,)
    assert strategy.apply(draw, images(2)).shape == (2, 8, 8, 3)


def test_none_is_the_identity():
    strategy, given = augment.LayeredStrategy(()), images(2)
    assert strategy.apply(strategy.sample(KEY), given) is given


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match=r"unknown DSA operator 'cutot'"):
        augment.LayeredStrategy(("cutot",))
