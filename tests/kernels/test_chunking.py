"""Maps and sums in chunks of any size equal those at once."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from medjax import kernels, planning

SIZES = [None, 1, 2, 3, 4, 6, 7, 8, 100]


def rows(size):
    rng = np.random.default_rng(0)
    return {
        "x": jnp.asarray(rng.normal(size=(size, 3)), jnp.float32),
        "label": jnp.arange(size, dtype=jnp.int32),
    }


def item(row):
    return {
        "square": jnp.sum(jnp.square(row["x"])),
        "shifted": row["x"] + row["label"].astype(row["x"].dtype),
    }


@pytest.mark.parametrize(
    ("chunk_size", "budget", "expected"),
    [(None, 90, None), (None, 89, 8), (None, 5, 1), (4, 90, 4), (4, 39, 3), (20, 90, 20)],
)
def test_at_once_is_what_is_wanted_or_what_fits(chunk_size, budget, expected):
    assert planning.at_once(chunk_size, size=9, bytes_each=10, budget=budget) == expected


@pytest.mark.parametrize("size", [7, 6, 1])
@pytest.mark.parametrize("chunk_size", SIZES)
def test_chunked_map_equals_vmap(size, chunk_size):
    xs = rows(size)
    ours = kernels.chunked_map(item, xs, chunk_size=chunk_size)
    theirs = jax.vmap(item)(xs)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("chunk_size", [None, 1, 3])
def test_chunked_map_under_jit_and_grad(chunk_size):
    xs = rows(7)

    def total(x):
        out = kernels.chunked_map(item, xs | {"x": x}, chunk_size=chunk_size)
        return jnp.sum(out["square"])

    np.testing.assert_allclose(jax.jit(jax.grad(total))(xs["x"]), 2 * xs["x"], rtol=1e-6)


def test_chunked_map_of_one_item_at_a_time_is_not_vectorised():
    def branch(x):
        return lax.cond(x > 0, jnp.sin, jnp.cos, x)

    def program(size, chunk_size):
        xs = jnp.arange(float(size))
        return str(
            jax.make_jaxpr(lambda x: kernels.chunked_map(branch, x, chunk_size=chunk_size))(xs)
        )

    # A vectorised `cond` becomes a `select_n`, as a vectorised convolution becomes a grouped one.
    assert all("cond[" in program(*sizes) for sizes in ((4, 1), (1, 1), (1, 4), (1, None)))
    assert "cond[" not in program(4, 2) and "scan[" in program(4, 2)
    assert "scan[" not in program(4, None) and "scan[" not in program(4, 4)


@pytest.mark.parametrize("chunk_size", SIZES)
def test_chunked_sum_equals_the_plain_sum(chunk_size):
    xs = rows(7)
    weights = jnp.array([1.0, 0.5, 0.0, 2.0, 1.0, 1.0, 3.0])

    def fn(chunk):
        rows, weights = chunk
        # An all-zero row adds something here unless it weighs nothing.
        return {
            "cosines": weights @ jnp.cos(rows["x"]),
            "weight": jnp.sum(weights),
            "labels": jnp.sum(rows["label"]),
        }

    ours = kernels.chunked_sum(fn, (xs, weights), chunk_size=chunk_size)
    theirs = fn((xs, weights))
    for name, value in theirs.items():
        assert ours[name].dtype == value.dtype
        np.testing.assert_allclose(ours[name], value, rtol=1e-5, err_msg=name)


def test_chunked_sum_hands_over_one_chunk_at_a_time():
    def shapes_seen(size, chunk_size):
        shapes = set()

        def fn(chunk):  # a new one each time, as JAX remembers what it has traced
            shapes.add(chunk.shape)
            return jnp.sum(chunk)

        kernels.chunked_sum(fn, jnp.ones(size), chunk_size=chunk_size)
        return shapes

    # Seven rows by at most five are four and three: chunks of nearly one size waste least. Twenty
    # by at most eight are four of five: no waste at all.
    shapes_of = {2: (2, 3), 4: (4, 3), 5: (4, 3), 7: (7, 3), 9: (7, 3), None: (7, 3)}
    for chunk_size, shape in shapes_of.items():
        assert shapes_seen((7, 3), chunk_size) == {shape}, chunk_size
    for size, chunk_size, each in ((20, 8, 5), (256, 8, 8), (90, 8, 6), (47, 32, 24), (21, 8, 7)):
        assert shapes_seen(size, chunk_size) == {(each,)}, size


def test_chunked_sum_keeps_nothing_of_a_chunk_for_its_derivative():
    def total(xs, chunk_size):
        def fn(chunk):
            return jnp.sum(jnp.sin(jnp.exp(jnp.cos(chunk))))

        return kernels.chunked_sum(fn, xs, chunk_size=chunk_size)

    xs = jax.ShapeDtypeStruct((8, 1000), jnp.float32)
    whole, chunked = (planning.residual_bytes(partial(total, chunk_size=n), xs) for n in (None, 2))
    assert 8 * 4000 <= chunked < 8 * 4000 + 100 and whole > 2 * chunked  # the rows themselves


def test_chunked_sum_under_jit_grad_and_vmap():
    xs, weights = rows(7)["x"], jnp.ones(7)

    def total(x, chunk_size):
        def fn(chunk):
            return chunk[1] @ jnp.sum(jnp.sin(chunk[0]), axis=1)

        return kernels.chunked_sum(fn, (x, weights), chunk_size=chunk_size)

    gradient = jax.jit(jax.grad(total), static_argnums=1)(xs, 3)
    np.testing.assert_allclose(gradient, jnp.cos(xs), rtol=1e-6)
    stacked = jnp.stack([xs, 2 * xs])
    np.testing.assert_allclose(
        jax.vmap(lambda x: total(x, 3))(stacked),
        jnp.stack([total(x, None) for x in stacked]),
        rtol=1e-5,
    )


def test_a_cpu_works_in_small_chunks_and_an_accelerator_at_once():
    for bytes_per_image, images in ((14_000, 1000), (1_700_000, 8), (10**9, 1), (0, 14_000_000)):
        chunks = planning.Chunks(networks=1, classes=1, images=images, synthetic=3 * images // 2)
        assert planning.backend_chunks("cpu", bytes_per_image) == chunks
    # Adding up a gradient of 60 MB is worth more images than the cache holds activations of.
    assert planning.backend_chunks("cpu", 4_000_000, weight_bytes=60_000_000).images == 15
    for platform in ("gpu", "cuda", "rocm", "tpu"):
        assert planning.backend_chunks(platform, 1000) == planning.Chunks(None, None, None)
