"""The distances between gradients against numpy, and their derivatives at zero columns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import kernels

# A convolution (HWIO, every axis of another length), a norm and a linear layer (in × out).
SHAPES = {
    "conv": {"kernel": (3, 2, 5, 4), "bias": (4,)},
    "norm": {"scale": (4,)},
    "head": {"kernel": (6, 3), "bias": (3,)},
}


def gradients(seed, *, scale=1.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda shape: (scale * rng.normal(size=shape)).astype(dtype),
        SHAPES,
        is_leaf=lambda x: isinstance(x, tuple),
    )


def numpy_cosine_distance(u, v):
    return 1 - u @ v / (np.linalg.norm(u) * np.linalg.norm(v) + 1e-6)


def numpy_columnwise_cosine(a, b):
    return sum(
        numpy_cosine_distance(x[..., out].ravel(), y[..., out].ravel())
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
        if x.ndim > 1
        for out in range(x.shape[-1])
    )


def long_vector(tree):
    return np.concatenate([x.ravel() for x in jax.tree.leaves(tree)])


def conv_difference(a, b):
    return (a["conv"]["kernel"] - b["conv"]["kernel"]).ravel()


ORACLES = {
    "columnwise_cosine": numpy_columnwise_cosine,
    "squared_error": lambda a, b: np.sum((long_vector(a) - long_vector(b)) ** 2),
    "cosine": lambda a, b: numpy_cosine_distance(long_vector(a), long_vector(b)),
    "conv_squared_error": lambda a, b: conv_difference(a, b) @ conv_difference(a, b),
    "conv_absolute_error": lambda a, b: np.linalg.norm(conv_difference(a, b), 1),
}
DISTANCES = {name: getattr(kernels, name) for name in ORACLES}


# At a scale of 1e-3 the 1e-6 in the denominator counts: it must stand beside ‖a‖·‖b‖.
@pytest.mark.parametrize("scale", [1.0, 1e-3])
@pytest.mark.parametrize("name", DISTANCES)
def test_equals_numpy(x64, name, scale):
    a, b = gradients(0, scale=scale), gradients(1, scale=scale)
    ours = DISTANCES[name](*jax.tree.map(jnp.asarray, (a, b)))
    assert ours.shape == () and ours.dtype == "float64"
    np.testing.assert_allclose(ours, ORACLES[name](a, b), rtol=1e-12)


@pytest.mark.parametrize("name", DISTANCES)
def test_float32_stays_float32_and_jit_equals_eager(name):
    trees = [jax.tree.map(jnp.asarray, gradients(seed, dtype=np.float32)) for seed in (0, 1)]
    eager = DISTANCES[name](*trees)
    assert eager.dtype == "float32"
    np.testing.assert_allclose(jax.jit(DISTANCES[name])(*trees), eager, rtol=1e-6)
    np.testing.assert_allclose(eager, ORACLES[name](gradients(0), gradients(1)), rtol=1e-5)


@pytest.mark.parametrize("name", DISTANCES)
def test_vmap_equals_loop(name):
    a, b = (
        jax.tree.map(
            lambda *leaves: jnp.stack(leaves),
            *[gradients(seed, dtype=np.float32) for seed in seeds],
        )
        for seeds in ((0, 1, 2), (3, 4, 5))
    )
    loop = [DISTANCES[name](*jax.tree.map(lambda x, i=i: x[i], (a, b))) for i in range(3)]
    np.testing.assert_allclose(jax.vmap(DISTANCES[name])(a, b), jnp.stack(loop), rtol=1e-5)


def test_columnwise_cosine_ignores_tensors_of_one_axis_and_the_others_do_not():
    a = jax.tree.map(jnp.asarray, gradients(0, dtype=np.float32))
    changed = a | {"norm": {"scale": a["norm"]["scale"] + 1}}
    other = jax.tree.map(jnp.asarray, gradients(1, dtype=np.float32))
    for name, distance in DISTANCES.items():
        same = distance(a, other) == distance(changed, other)
        ignores = name in ("columnwise_cosine", "conv_squared_error", "conv_absolute_error")
        assert same == ignores, name
    assert kernels.columnwise_cosine({"bias": jnp.ones(3)}, {"bias": -jnp.ones(3)}) == 0


@pytest.mark.parametrize("name", ["conv_squared_error", "conv_absolute_error"])
def test_only_convolutions_count(name):
    a, other = (jax.tree.map(jnp.asarray, gradients(seed, dtype=np.float32)) for seed in (0, 1))
    changed = a | {"head": jax.tree.map(lambda x: x + 1, a["head"])}
    assert DISTANCES[name](a, other) == DISTANCES[name](changed, other)
    changed = a | {"conv": a["conv"] | {"kernel": a["conv"]["kernel"] + 1}}
    assert DISTANCES[name](a, other) != DISTANCES[name](changed, other)
    with pytest.raises(ValueError, match="no tensor of four axes"):
        DISTANCES[name](a["head"], other["head"])


@pytest.mark.parametrize("name", ["conv_squared_error", "conv_absolute_error"])
def test_gradients_that_are_equal_have_no_slope(name):
    a = jax.tree.map(jnp.asarray, gradients(0, dtype=np.float32))
    value, slope = jax.value_and_grad(DISTANCES[name])(a, a)
    assert value == 0 and not any(leaf.any() for leaf in jax.tree.leaves(slope))


def test_columnwise_cosine_counts_each_output_whatever_its_length():
    kernel = jnp.asarray(gradients(0, dtype=np.float32)["conv"]["kernel"])
    lengths = jnp.array([1.0, 10.0, 100.0, 1000.0])[None, None, None]
    signs = jnp.array([1.0, 1.0, 1.0, -1.0])[None, None, None]
    distance = kernels.columnwise_cosine(kernel, kernel * lengths * signs)
    np.testing.assert_allclose(distance, 2.0, atol=1e-5)


def without_column(tree, out):
    """The gradients with the inputs of one output unit of both layers at zero."""
    kernels_ = {
        layer: {**tree[layer], "kernel": tree[layer]["kernel"].at[..., out].set(0)}
        for layer in ("conv", "head")
    }
    return tree | kernels_


def at_zero():
    """``{what is zero: (a, b)}``."""
    a, b = (jax.tree.map(jnp.asarray, gradients(seed)) for seed in (0, 1))
    zero = jax.tree.map(jnp.zeros_like, a)
    return {
        "a column of a": (without_column(a, 1), b),
        "a column of b": (a, without_column(b, 1)),
        "a column of both": (without_column(a, 1), without_column(b, 1)),
        "all of a": (zero, b),
        "all of b": (a, zero),
        "all of both": (zero, zero),
    }


@pytest.mark.parametrize("name", DISTANCES)
def test_value_and_derivatives_are_finite_at_zero(x64, name):
    distance = DISTANCES[name]

    @jax.jit
    def derivatives(a, b):
        def along(a, b):
            first = jax.grad(distance, argnums=(0, 1))(a, b)
            return sum(jnp.sum(jnp.sin(leaf)) for leaf in jax.tree.leaves(first)), first

        second, first = jax.grad(along, argnums=(0, 1), has_aux=True)(a, b)
        return distance(a, b), first, second

    for what, (a, b) in at_zero().items():
        value, first, second = derivatives(a, b)
        np.testing.assert_allclose(
            value, ORACLES[name](*jax.tree.map(np.asarray, (a, b))), rtol=1e-12, err_msg=what
        )
        for leaf in jax.tree.leaves((first, second)):
            assert jnp.all(jnp.isfinite(leaf)), what


def test_gradients_are_finite_at_columns_too_small_to_square():
    gradient = jax.jit(jax.grad(kernels.columnwise_cosine, argnums=(0, 1)))
    b = jnp.ones((3, 2))
    for size in (1e-12, 1e-19, 1e-23, 1e-38):
        for leaf in gradient(jnp.full((3, 2), size), b):
            assert jnp.all(jnp.isfinite(leaf)), size


@pytest.mark.parametrize("name", DISTANCES)
def test_derivatives_are_right(x64, name):
    a, b = (
        jax.tree.map(jnp.asarray, {"conv": tree["conv"]["kernel"][:, :1, :2], **tree["head"]})
        for tree in (gradients(0), gradients(1))
    )
    check_grads(jax.jit(DISTANCES[name]), (a, b), order=2, modes=("rev",))
