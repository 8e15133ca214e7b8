"""Distribution matching: closed forms, masked means, and MMD against numpy."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from jax.test_util import check_grads

from medjax import kernels

FEATURES = 6
REAL, SYN = 5, 3
BANDWIDTHS = (0.5, 1.0, 3.0)


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def positive(seed, *shape):
    return 0.2 + jnp.abs(normal(seed, *shape))


def linear_embed(params, images):
    return images.reshape(len(images), -1) @ params


def curved_embed(params, images):
    return jnp.tanh(linear_embed(params, images))


def case(seed=0):
    """``(params, real, syn)``."""
    return (
        normal(seed, 4, FEATURES),
        normal(seed + 1, REAL, 2, 2, 1),
        normal(seed + 2, SYN, 2, 2, 1),
    )


def numpy_means(real, syn, real_weights=None, syn_weights=None):
    return (
        np.average(np.asarray(x).reshape(len(x), -1), axis=0, weights=w)
        for x, w in ((real, real_weights), (syn, syn_weights))
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_closed_form_on_a_linear_embedding(x64, weighted, chunk_size):
    params, real, syn = case()
    weights = (positive(3, REAL), positive(4, SYN)) if weighted else (None, None)

    def loss(real, syn):
        return kernels.mean_embedding_loss(
            linear_embed,
            params,
            real,
            syn,
            real_weights=weights[0],
            syn_weights=weights[1],
            chunk_size=chunk_size,
            syn_chunk_size=chunk_size,
        )

    value, (by_real, by_syn) = jax.value_and_grad(loss, argnums=(0, 1))(real, syn)
    real_mean, syn_mean = numpy_means(real, syn, *weights)
    gap = (syn_mean - real_mean) @ np.asarray(params)
    np.testing.assert_allclose(value, gap @ gap, rtol=1e-12)
    share = np.full(SYN, 1 / SYN) if weights[1] is None else weights[1] / np.sum(weights[1])
    expected = 2 * share[:, None] * (np.asarray(params) @ gap)[None]
    np.testing.assert_allclose(by_syn.reshape(SYN, -1), expected, rtol=1e-10)
    assert not by_real.any()


def test_parameters_act_through_the_synthetic_side_only(x64):
    params, real, syn = case()
    target = kernels.mean_embedding(curved_embed, params, real)
    ours = jax.grad(lambda p: kernels.mean_embedding_loss(curved_embed, p, real, syn))(params)
    theirs = jax.grad(lambda p: jnp.sum((target - jnp.mean(curved_embed(p, syn), axis=0)) ** 2))(
        params
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert ours.any()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3, 5, 9])
def test_mean_embedding_in_chunks_is_the_mean_of_the_whole(x64, weighted, chunk_size):
    params, real, _ = case()
    weights = positive(3, REAL) if weighted else None
    ours = kernels.mean_embedding(
        curved_embed, params, real, weights=weights, chunk_size=chunk_size
    )
    expected = np.average(curved_embed(params, real), axis=0, weights=weights)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_a_small_class_padded_and_masked_equals_itself(x64, chunk_size):
    params, real, syn = case()
    padding = 100 * normal(9, 4, 2, 2, 1)
    mask = jnp.concatenate([jnp.ones(REAL), jnp.zeros(4)])
    padded = kernels.mean_embedding_loss(
        curved_embed,
        params,
        jnp.concatenate([real, padding]),
        jnp.concatenate([syn, padding]),
        real_weights=mask,
        syn_weights=mask[REAL - SYN :],
        chunk_size=chunk_size,
    )
    alone = kernels.mean_embedding_loss(curved_embed, params, real, syn)
    np.testing.assert_allclose(padded, alone, rtol=1e-12)


@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_the_mean_of_no_row_is_zero(chunk_size):
    mean = kernels.mean_embedding(
        lambda params, images: images.reshape(len(images), -1),
        None,
        jnp.ones((REAL, 2, 2, 1)),
        weights=jnp.zeros(REAL),
        chunk_size=chunk_size,
    )
    np.testing.assert_array_equal(mean, jnp.zeros(4))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_given_each_label_it_is_a_loop_over_subsets(x64, weighted, chunk_size):
    params, real, syn = case()
    weights = (positive(3, REAL), positive(4, SYN)) if weighted else (None, None)
    real_rows = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 0.3, 1], [0, 0, 1]])
    syn_rows = np.array([[1, 1, 1], [1, 0.6, 0], [0, 0, 0]])  # no real one without the last label
    features = [np.asarray(curved_embed(params, x)) for x in (real, syn)]
    w = [
        np.ones(len(x)) if y is None else np.asarray(y)
        for x, y in zip(features, weights, strict=True)
    ]

    def gap(*shares):
        means = [np.average(x, axis=0, weights=v) for x, v in zip(features, shares, strict=True)]
        return np.sum((means[0] - means[1]) ** 2)

    expected = gap(*w)
    for real_label, syn_label in zip(real_rows.T, syn_rows.T, strict=True):
        for has in (lambda x: x, lambda x: 1 - x):
            shares = w[0] * has(real_label), w[1] * has(syn_label)
            if shares[0].any() and shares[1].any():
                expected += shares[1].sum() / w[1].sum() * gap(*shares)

    def loss(real, syn, options):
        args = curved_embed, params, real, jnp.array(real_rows), syn, jnp.array(syn_rows)
        chunks = {"chunk_size": chunk_size, "syn_chunk_size": chunk_size}
        return kernels.conditional_embedding_loss(*args, **chunks, **options)

    options = dict(zip(("real_weights", "syn_weights"), weights, strict=True))
    value, (by_real, by_syn) = jax.value_and_grad(loss, argnums=(0, 1))(real, syn, options)
    np.testing.assert_allclose(value, expected / 4, rtol=1e-12)
    assert not by_real.any() and np.abs(by_syn).max((1, 2, 3)).min() > 0
    check_grads(lambda syn: loss(real, syn, options), (syn,), order=2, modes=["rev"], rtol=1e-5)
    padded = [jnp.concatenate([x, 100 * x[:2]]) for x in (real, syn)]
    masks = [jnp.concatenate([jnp.asarray(v), jnp.zeros(2)]) for v in w]
    rows = [jnp.concatenate([jnp.asarray(x), jnp.ones((2, 3))]) for x in (real_rows, syn_rows)]
    same = kernels.conditional_embedding_loss(
        *(curved_embed, params, padded[0], rows[0], padded[1], rows[1]),
        **dict(zip(options, masks, strict=True)),
        chunk_size=chunk_size,
    )
    np.testing.assert_allclose(same, value, rtol=1e-12)


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_an_ignored_label_counts_neither_with_it_nor_without(x64, chunk_size):
    params, real, syn = case()
    real_rows = np.array([[1, -1], [-1, 0], [0, 1], [1, -1], [0, -1]])
    syn_rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    features = [np.asarray(curved_embed(params, x)) for x in (real, syn)]

    def gap(real_chosen, syn_chosen):
        means = [x[i].mean(0) for x, i in zip(features, (real_chosen, syn_chosen), strict=True)]
        return np.sum((means[0] - means[1]) ** 2)

    expected = gap(slice(None), slice(None))
    for label in range(2):
        for value in (0, 1):
            chosen = syn_rows[:, label] == value
            expected += chosen.mean() * gap(real_rows[:, label] == value, chosen)
    value = kernels.conditional_embedding_loss(
        *(curved_embed, params, real, jnp.array(real_rows), syn, jnp.array(syn_rows)),
        chunk_size=chunk_size,
    )
    np.testing.assert_allclose(value, expected / 3, rtol=1e-12)


def test_labels_that_all_images_have_change_nothing(x64):
    params, real, syn = case()
    rows = [jnp.tile(jnp.array([[1.0, 0.0]]), (len(x), 1)) for x in (real, syn)]
    given = kernels.conditional_embedding_loss(curved_embed, params, real, rows[0], syn, rows[1])
    plain = kernels.mean_embedding_loss(curved_embed, params, real, syn)
    np.testing.assert_allclose(given, plain, rtol=1e-12)


def test_jit_vmap_and_eight_devices_equal_a_loop(x64, class_mesh):
    params, _, _ = case()
    real, syn = normal(5, 8, REAL, 2, 2, 1), normal(6, 8, SYN, 2, 2, 1)

    def one(params, real, syn):
        return jax.value_and_grad(
            lambda s: kernels.mean_embedding_loss(curved_embed, params, real, s, chunk_size=2)
        )(syn)

    alone = jax.jit(one)
    loop = [alone(params, r, s) for r, s in zip(real, syn, strict=True)]
    loop = jax.tree.map(lambda *xs: jnp.stack(xs), *loop)
    every_class = jax.jit(jax.vmap(one, in_axes=(None, 0, 0)))
    by_class = NamedSharding(class_mesh, PartitionSpec("class"))
    everywhere = NamedSharding(class_mesh, PartitionSpec())
    sharded = every_class(
        jax.device_put(params, everywhere), *jax.device_put((real, syn), by_class)
    )
    assert sharded[1].sharding.is_equivalent_to(by_class, 5)
    for together in (every_class(params, real, syn), sharded):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), together, loop)


def numpy_rbf(x, y):
    squares = np.sum((x[:, None] - y[None]) ** 2, axis=-1)
    return np.mean([np.exp(-squares / (2 * s**2)) for s in BANDWIDTHS], axis=0)


def numpy_mmd(real, syn, real_weights, syn_weights, gram):
    p, q = (w / np.sum(w) for w in (real_weights, syn_weights))
    return p @ gram(real, real) @ p + q @ gram(syn, syn) @ q - 2 * p @ gram(real, syn) @ q


KERNELS = {
    "linear": (kernels.linear, lambda x, y: x @ y.T),
    "rbf": (kernels.rbf(BANDWIDTHS), numpy_rbf),
    # A user's own kernel: the special case of the linear one may change only the speed.
    "cubic": (lambda x, y: (1 + kernels.linear(x, y)) ** 3, lambda x, y: (1 + x @ y.T) ** 3),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
def test_mmd_equals_numpy_batched_over_leading_axes(x64, name, weighted):
    kernel, gram = KERNELS[name]
    real, syn = normal(0, 2, 4, REAL, FEATURES), normal(1, 2, 4, SYN, FEATURES)
    weights = (positive(2, 2, 4, REAL), positive(3, 2, 4, SYN)) if weighted else (None, None)
    mmd = jax.jit(partial(kernels.mmd, kernel=kernel))
    ours = mmd(real, syn, real_weights=weights[0], syn_weights=weights[1])
    assert ours.shape == (2, 4)
    filled = [
        np.ones(x.shape[:-1]) if w is None else np.asarray(w)
        for x, w in zip((real, syn), weights, strict=True)
    ]
    for index in np.ndindex(2, 4):
        arrays = [np.asarray(x)[index] for x in (real, syn, *filled)]
        np.testing.assert_allclose(ours[index], numpy_mmd(*arrays, gram), rtol=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
def test_linear_mmd_is_the_mean_embedding_loss(x64, weighted):
    params, real, syn = case()
    weights = (positive(3, REAL), positive(4, SYN)) if weighted else (None, None)
    options = {"real_weights": weights[0], "syn_weights": weights[1]}

    def as_mmd(syn):
        return kernels.mmd(curved_embed(params, real), curved_embed(params, syn), **options)

    def as_means(syn):
        return kernels.mean_embedding_loss(curved_embed, params, real, syn, **options)

    ours, theirs = (jax.value_and_grad(f)(syn) for f in (as_mmd, as_means))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10), ours, theirs)


@pytest.mark.parametrize("name", KERNELS)
def test_mmd_is_never_negative_and_zero_for_equal_sets(x64, name):
    kernel, _ = KERNELS[name]
    real = normal(0, 20, REAL, FEATURES)
    # From distant to almost equal sets, where rounding would show.
    syn = real + jnp.logspace(-9, 1, 20)[:, None, None] * normal(1, 20, REAL, FEATURES)
    distances = kernels.mmd(real, syn, kernel=kernel)
    assert jnp.all(distances > -1e-10) and jnp.all(distances[-5:] > 1e-3)
    shuffled = real[:, ::-1]
    np.testing.assert_allclose(kernels.mmd(real, shuffled, kernel=kernel), 0, atol=1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_mmd_does_not_count_rows_of_weight_zero(x64, name):
    kernel, _ = KERNELS[name]
    real, syn = normal(0, REAL, FEATURES), normal(1, SYN, FEATURES)
    masked = kernels.mmd(
        jnp.concatenate([real, 5 + syn]),
        jnp.concatenate([syn, 5 + real]),
        kernel=kernel,
        real_weights=jnp.array([1.0] * REAL + [0.0] * SYN),
        syn_weights=jnp.array([1.0] * SYN + [0.0] * REAL),
    )
    np.testing.assert_allclose(masked, kernels.mmd(real, syn, kernel=kernel), rtol=1e-10)
    nothing = kernels.mmd(real, syn, kernel=kernel, real_weights=jnp.zeros(REAL))
    assert jnp.isfinite(nothing)


def test_rbf_has_a_finite_gradient_where_rows_coincide():
    features = jnp.ones((3, 2))
    value, gradient = jax.jit(
        jax.value_and_grad(lambda syn: kernels.mmd(features, syn, kernel=kernels.rbf([1.0])))
    )(features)
    assert value == 0 and jnp.all(gradient == 0)


@pytest.mark.parametrize("bandwidths", [[], [0.0], [1.0, -2.0]])
def test_bandwidths_that_are_none(bandwidths):
    with pytest.raises(ValueError, match="bandwidths must be above 0, got"):
        kernels.rbf(bandwidths)


@pytest.mark.parametrize("name", KERNELS)
def test_float32_stays_float32_and_jit_equals_eager(name):
    real, syn = (x.astype(jnp.float32) for x in (normal(0, 4, 3), normal(1, 2, 3)))

    def mmd(real, syn):
        return kernels.mmd(real, syn, kernel=KERNELS[name][0])

    eager = mmd(real, syn)
    assert eager.dtype == "float32"
    np.testing.assert_allclose(jax.jit(mmd)(real, syn), eager, rtol=1e-5)


@pytest.mark.parametrize("name", ["mean_embedding_loss", *KERNELS])
def test_derivatives_are_right(x64, name):
    params, real, syn = case()
    if name == "mean_embedding_loss":
        # By the synthetic images alone: nothing flows into the real ones.
        function = partial(kernels.mean_embedding_loss, curved_embed, params, real)
        args = (syn,)
    else:
        function = partial(kernels.mmd, kernel=KERNELS[name][0])
        args = real.reshape(REAL, -1), syn.reshape(SYN, -1)
    check_grads(jax.jit(function), args, order=2, modes=("rev",))
