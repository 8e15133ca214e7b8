"""DSA strategies: selection, distributions, siamese and per-image application."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import augment
from medjax.errors import UserError

FULL = "color_crop_cutout_flip_scale_rotate"
NAMES = FULL.split("_")


def make_images(n, size=8, channels=3, dtype=np.float32):
    images = np.random.RandomState(1).randn(n, size, size, channels)
    return jnp.asarray(images.astype(dtype))


def keys(count):
    return jax.random.split(jax.random.key(0), count)


@functools.partial(jax.jit, static_argnums=0)
def apply(strategy, draw, images):
    return strategy.apply(draw, images)


def apply_unit(name, units, images):
    """One operator at given unit-interval numbers, through a strategy of that operator alone."""
    draw = augment.Draw(jnp.int32(0), jnp.asarray(units, jnp.float32))
    return apply(augment.parse_strategy(name), draw, images)


def test_parse():
    strategy = augment.parse_strategy(FULL)
    assert strategy.names == tuple(NAMES)
    assert {strategy, augment.parse_strategy(FULL)} == {strategy}
    with pytest.raises(dataclasses.FrozenInstanceError):
        strategy.names = ()


@pytest.mark.parametrize("text", ["none", "None", "", None])
def test_no_strategy_is_the_identity(text):
    strategy = augment.parse_strategy(text)
    images = make_images(2)
    for draw in (strategy.sample(keys(1)[0]), strategy.sample_per_image(keys(1)[0], 2)):
        assert strategy.apply(draw, images) is images


def test_unknown_and_repeated_names_are_refused():
    with pytest.raises(UserError, match=r"unknown DSA operator 'cutot' \(did you mean 'cutout'"):
        augment.parse_strategy("color_cutot")
    with pytest.raises(UserError, match=r"choose from: color, crop, cutout, flip, scale, rotate"):
        augment.parse_strategy("color__crop")
    with pytest.raises(UserError, match=r"'flip_crop_flip' repeats 'flip'"):
        augment.parse_strategy("flip_crop_flip")


def test_every_operator_is_drawn_equally_often():
    draws = jax.vmap(augment.parse_strategy(FULL).sample)(keys(6000))
    shares = np.bincount(draws.op, minlength=6) / 6000
    np.testing.assert_allclose(shares, np.full(6, 1 / 6), atol=0.015)  # three standard errors


def test_units_are_uniform_and_independent_of_the_operator_and_each_other():
    draws = jax.vmap(augment.parse_strategy(FULL).sample)(keys(6000))
    columns = np.column_stack([draws.op, draws.units])
    assert draws.units.min() >= 0 and draws.units.max() < 1
    np.testing.assert_allclose(columns[:, 1:].mean(0), 0.5, atol=0.015)
    np.testing.assert_allclose(columns[:, 1:].std(0), 12**-0.5, atol=0.01)
    np.testing.assert_allclose(np.corrcoef(columns.T), np.eye(4), atol=0.05)


def test_a_draw_is_the_same_in_float64(x64):
    draw = augment.parse_strategy(FULL).sample(jax.random.key(3))
    with jax.enable_x64(False):
        other = augment.parse_strategy(FULL).sample(jax.random.key(3))
    assert draw.units.dtype == jnp.float32 and draw.op.dtype == jnp.int32
    jax.tree.map(np.testing.assert_array_equal, draw, other)


@pytest.mark.parametrize("trial", range(3))
@pytest.mark.parametrize("case", ["dsa_c1_28", "dsa_c3_32"])
def test_golden(golden, case, trial):
    # The reference's own unit-interval draws, through the strategy.
    data = golden(case)
    images = jnp.asarray(data["x"].transpose(0, 2, 3, 1))
    for name, order in {"flip": [0], "scale": [1, 0], "rotate": [0]}.items():
        units = data[f"rand_{name}/{trial}/draws"][order]  # scale: theirs is width first
        out = apply_unit(name, np.resize(units, 3), images)
        expected = data[f"rand_{name}/{trial}/y"].transpose(0, 2, 3, 1)
        np.testing.assert_allclose(out, expected, rtol=0, atol=3e-5)


def test_color_is_brightness_then_saturation_then_contrast():
    images = make_images(4)
    expected = augment.brightness(images, 0.1 - 0.5)
    expected = augment.saturation(expected, 2 * 0.9)
    expected = augment.contrast(expected, 0.25 + 0.5)
    out = apply_unit("color", [0.1, 0.9, 0.25], images)
    np.testing.assert_allclose(out, expected, atol=1e-6)


def ramp(size):
    """An image whose pixel (i, j) holds 1 + i·size + j: each value tells where it came from."""
    return 1 + jnp.arange(size * size, dtype=jnp.float32).reshape(1, size, size, 1)


# What the reference's int(0.125·size + 0.5) gives.
@pytest.mark.parametrize("size, reach", [(28, 4), (32, 4), (64, 8)])
def test_crop_reaches_every_shift_and_no_further(size, reach):
    images = ramp(size)
    shift_of = {}
    for k, unit in enumerate(np.linspace(0, 1, 2 * reach + 1, endpoint=False)):
        for inside in (unit, np.nextafter(unit + 1 / (2 * reach + 1), 0) - 1e-6):
            out = apply_unit("crop", [inside + 1e-7, 0.5, 0], images)
            source = float(out[0, size // 2, size // 2, 0]) - 1
            assert source % size == size // 2  # 0.5 is no shift
            shift_of.setdefault(k, set()).add(int(source // size) - size // 2)
    assert shift_of == {k: {k - reach} for k in range(2 * reach + 1)}
    last = np.nextafter(np.float32(1), np.float32(0))
    out = apply_unit("crop", [last, last, 0], images)
    np.testing.assert_array_equal(out, augment.translate(images, reach, reach))


@pytest.mark.parametrize("size, side, centres", [(28, 14, 29), (32, 16, 33), (6, 3, 6), (5, 3, 5)])
def test_cutout_centres_and_side(size, side, centres):
    # An even square may be centred anywhere in 0..size, an odd one in 0..size−1.
    images = ramp(size)
    last = np.nextafter(np.float32(1), np.float32(0))
    for unit, centre in ((0.0, 0), (0.5, centres // 2), (last, centres - 1)):
        out = apply_unit("cutout", [unit, 0.5, 0], images)
        expected = augment.cutout(images, centre, centres // 2, size=side)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("unit", [0.0, 0.25, 0.999])
def test_parameter_ranges(unit):
    images = make_images(2)
    low, high = 1 / 1.2, 1.2
    factors = [low + u * (high - low) for u in (unit, 1 - unit)]
    expected = {
        "flip": augment.flip(images, unit < 0.5),
        "scale": augment.scale(images, *factors),
        "rotate": augment.rotate(images, np.deg2rad(30 * (unit - 0.5))),
    }
    for name, out in expected.items():
        np.testing.assert_allclose(apply_unit(name, [unit, 1 - unit, 0], images), out, atol=2e-5)


def test_siamese_over_batches_of_any_size():
    # A real batch, ten synthetic images and one get the same transform, whatever was drawn.
    strategy, images = augment.parse_strategy(FULL), make_images(16)
    for key in keys(24):
        draw = strategy.sample(key)
        whole = apply(strategy, draw, images)
        for count in (10, 1):
            out = apply(strategy, draw, images[:count])
            np.testing.assert_allclose(out, whole[:count], atol=1e-5)


def test_one_draw_serves_any_image_shape():
    strategy = augment.parse_strategy("crop")
    draw = augment.Draw(jnp.int32(0), jnp.zeros(3))
    for shape, reach in (((28, 28), (4, 4)), ((64, 28), (8, 4))):
        images = jnp.ones((1, *shape, 1))
        expected = augment.translate(images, -reach[0], -reach[1])
        np.testing.assert_array_equal(apply(strategy, draw, images), expected)


@pytest.mark.parametrize("name", NAMES)
def test_per_image_mode_shares_the_operator_but_not_the_parameters(name):
    strategy = augment.parse_strategy(name)
    images = jnp.repeat(make_images(1), 8, axis=0)
    draw = strategy.sample_per_image(jax.random.key(0), 8)
    assert draw.op.shape == () and draw.units.shape == (8, 3)
    out = apply(strategy, draw, images)
    assert len(np.unique(np.asarray(out).reshape(8, -1), axis=0)) > 1
    for k in range(8):
        alone = apply(strategy, augment.Draw(draw.op, draw.units[k]), images[k : k + 1])
        np.testing.assert_allclose(out[k : k + 1], alone, atol=1e-5)


def test_the_index_picks_the_operator_of_that_name():
    strategy, images = augment.parse_strategy(FULL), make_images(2)
    units = jnp.asarray([0.1, 0.2, 0.9])
    outs = {np.asarray(images).tobytes()}
    for index, name in enumerate(NAMES):
        out = apply(strategy, augment.Draw(jnp.int32(index), units), images)
        np.testing.assert_allclose(out, apply_unit(name, units, images), atol=1e-5)
        outs.add(np.asarray(out).tobytes())
    assert len(outs) == 7  # none is the identity, no two are the same


def test_jit_equals_eager_and_vmap_equals_a_loop():
    strategy, images = augment.parse_strategy(FULL), make_images(2)
    draws = augment.Draw(jnp.arange(6), jax.random.uniform(jax.random.key(1), (6, 3)))
    together = jax.jit(jax.vmap(strategy.apply, in_axes=(0, None)))(draws, images)
    for k in range(6):
        draw = jax.tree.map(lambda leaf, k=k: leaf[k], draws)
        eager = strategy.apply(draw, images)
        np.testing.assert_allclose(apply(strategy, draw, images), eager, atol=1e-5)
        np.testing.assert_allclose(together[k], eager, atol=1e-5)


def test_a_strategy_may_be_a_static_argument():
    traces = []

    def augmented(strategy, draw, images):
        traces.append(strategy)
        return strategy.apply(draw, images)

    static = jax.jit(augmented, static_argnums=0)
    draw = augment.parse_strategy(FULL).sample(jax.random.key(0))
    for _ in range(2):  # an equal strategy made anew must not compile anew
        static(augment.parse_strategy(FULL), draw, make_images(2))
    assert len(traces) == 1


def test_a_per_image_draw_for_another_batch_is_refused():
    strategy = augment.parse_strategy("flip")
    draw = strategy.sample_per_image(jax.random.key(0), 3)
    with pytest.raises(UserError, match=r"each of the 2 images, got shape \(3,\)"):
        strategy.apply(draw, make_images(2))


def test_gradients_through_the_switch(x64):
    strategy = augment.parse_strategy("color_scale_rotate")
    images = make_images(2, 3, 2, np.float64)
    units = jnp.asarray([0.3, 0.7, 0.2], jnp.float32)

    @jax.jit
    def loss(x):
        draws = [augment.Draw(jnp.int32(index), units) for index in range(3)]
        return sum(jnp.sum(jnp.sin(strategy.apply(draw, x))) for draw in draws)

    check_grads(loss, (images,), order=2, modes=("rev",), atol=1e-4, rtol=1e-4)
