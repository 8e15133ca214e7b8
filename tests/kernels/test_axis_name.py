"""A batch divided over eight devices: each kernel gives on each what the whole batch gives."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from medjax import kernels

ROWS, SYN = 24, 2
BY_ROW, WHOLE = PartitionSpec("class"), PartitionSpec()  # the mesh's one axis


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def apply_fn(params, images):
    return jnp.tanh(images.reshape(len(images), -1) @ params)


@partial(jax.jit, static_argnames=("axis_name", "chunk_size", "syn_chunk_size"))
def loss(params, real, labels, weights, syn, **options):
    """Returns the matching losses and their gradients with respect to the synthetic images."""

    def all_of_them(syn):
        syn_labels = jnp.zeros(SYN, jnp.int32)
        matching = kernels.matching_loss(
            apply_fn, params, real, labels, syn, syn_labels, real_weights=weights, **options
        )
        means = kernels.mean_embedding_loss(
            apply_fn, params, real, syn, real_weights=weights, **options
        )
        rows = [jax.nn.one_hot(x, 2, dtype=syn.dtype) for x in (labels, jnp.arange(SYN))]
        given = kernels.conditional_embedding_loss(
            apply_fn, params, real, rows[0], syn, rows[1], real_weights=weights, **options
        )
        ignored = jnp.stack([(labels + i) % 3 - 1 for i in range(3)], axis=1)
        shown = jax.nn.one_hot(jnp.arange(SYN), 3, dtype=syn.dtype)
        args = apply_fn, params, real, ignored, syn, shown
        known = [
            of_rows(*args, real_weights=weights, **options)
            for of_rows in (kernels.matching_loss, kernels.conditional_embedding_loss)
        ]
        waves = kernels.characteristic_distance(
            apply_fn(params, real),
            apply_fn(params, syn),
            jnp.arange(6.0).reshape(2, 3),
            real_weights=weights,
            axis_name=options.get("axis_name"),
        )
        return jnp.stack([matching, means, given, *known, waves])

    return all_of_them(syn), jax.jacrev(all_of_them)(syn)


@pytest.fixture
def case(x64):
    """Arguments of ``loss``; some devices have few rows that count, and one has none."""
    weights = jnp.abs(normal(3, ROWS)).at[3:6].set(0)
    labels = jnp.asarray(np.arange(ROWS) % 3, jnp.int32)
    return normal(0, 4, 3), normal(1, ROWS, 2, 2, 1), labels, weights, normal(2, SYN, 2, 2, 1)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_a_divided_batch_is_the_whole_batch(case, class_mesh, chunk_size, check):
    divided = jax.shard_map(
        partial(loss, axis_name="class", chunk_size=chunk_size, syn_chunk_size=chunk_size and 1),
        mesh=class_mesh,
        in_specs=(WHOLE, BY_ROW, BY_ROW, BY_ROW, WHOLE),
        out_specs=WHOLE,
        check_vma=check,
    )
    for ours, theirs in zip(jax.jit(divided)(*case), loss(*case), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_vmap_is_a_division_too(case):
    params, real, labels, weights, syn = case
    parts = [x.reshape(4, 6, *x.shape[1:]) for x in (real, labels, weights)]
    values, _ = jax.vmap(
        partial(loss, axis_name="rows"), in_axes=(None, 0, 0, 0, None), axis_name="rows"
    )(params, *parts, syn)
    expected, _ = loss(*case)
    np.testing.assert_allclose(values, np.stack([expected] * 4), rtol=1e-9)


def test_a_batch_without_any_weight_has_no_gradient(case, class_mesh):
    params, real, labels, weights, _ = case
    gradient = jax.shard_map(
        lambda *rows: kernels.loss_gradient(
            apply_fn, params, *rows[:2], weights=rows[2], axis_name="class"
        ),
        mesh=class_mesh,
        in_specs=BY_ROW,
        out_specs=WHOLE,
        check_vma=False,
    )(real, labels, jnp.zeros_like(weights))
    np.testing.assert_array_equal(gradient, jnp.zeros_like(params))
