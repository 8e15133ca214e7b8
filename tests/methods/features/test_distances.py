"""The distances of DM and NCFM against their definitions in numpy, on one device and on eight."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from jax.test_util import check_grads

from medjax import methods, planning
from medjax.errors import UserError
from medjax.methods.features.distances import characteristic_loss, deviations_loss, rbf_loss

REAL, SYN, FEATURES = 16, 3, 5


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def case():
    """``(real, syn, real_weights, syn_weights)``; some rows are padding."""
    real_weights = jnp.ones(REAL).at[jnp.array([4, 5, 13])].set(0)
    return 2 + normal(0, REAL, FEATURES), normal(1, SYN, FEATURES), real_weights, jnp.ones(SYN)


def ncf(real, syn, real_weights, syn_weights, axis_name=None):
    return characteristic_loss(
        real,
        syn,
        normal(2, 9, FEATURES),
        real_weights=real_weights,
        syn_weights=syn_weights,
        axis_name=axis_name,
    )


def rbf(real, syn, real_weights, syn_weights, axis_name=None):
    options = {"real_weights": real_weights, "syn_weights": syn_weights}
    return rbf_loss(real, syn, **options, axis_name=axis_name)


def deviations(real, syn, real_weights, syn_weights, axis_name=None):
    options = {"real_weights": real_weights, "syn_weights": syn_weights}
    return deviations_loss(real, syn, **options, axis_name=axis_name)


def ncf_by_hand(real, syn):
    """For equal weights of both parts, a distance of complex numbers."""
    real, syn = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (real, syn))
    waves = [np.exp(1j * np.asarray(normal(2, 9, FEATURES)) @ x.T).mean(1) for x in (real, syn)]
    return 300 * np.mean(np.abs(waves[0] - waves[1])) / np.sqrt(2)


def rbf_by_hand(real, syn):
    apart = np.sqrt(np.mean([[np.sum((a - b) ** 2) for a in real] for b in real]))

    def mean(x, y):
        squares = np.sum((x[:, None] - y[None]) ** 2, axis=-1)
        return np.mean([np.exp(-squares / (2 * (w * apart) ** 2)) for w in (0.5, 1, 2)])

    return mean(real, real) + mean(syn, syn) - 2 * mean(real, syn)


def deviations_by_hand(real, syn):
    return np.sum((np.std(real, 0) - np.std(syn, 0)) ** 2)


LOSSES = {
    "deviations": (deviations, deviations_by_hand),
    "ncf": (ncf, ncf_by_hand),
    "rbf": (rbf, rbf_by_hand),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_definition(x64, name):
    loss, by_hand = LOSSES[name]
    real, syn, real_weights, syn_weights = case()
    found = np.asarray(real)[np.asarray(real_weights) > 0]
    value = loss(*case())
    np.testing.assert_allclose(value, by_hand(found, np.asarray(syn)), rtol=1e-8)
    assert value > 0.1
    check_grads(lambda syn: loss(real, syn, real_weights, syn_weights), (syn,), 2, modes=["rev"])


@pytest.mark.parametrize("name", LOSSES)
def test_a_divided_batch_is_the_whole_batch(x64, class_mesh, name):
    loss, _ = LOSSES[name]
    by_row, whole = PartitionSpec("class"), PartitionSpec()
    divided = jax.shard_map(
        jax.value_and_grad(partial(loss, axis_name="class"), argnums=1),
        mesh=class_mesh,
        in_specs=(by_row, whole, by_row, whole),
        out_specs=whole,
        check_vma=False,
    )
    expected = jax.value_and_grad(loss, argnums=1)(*case())
    for ours, theirs in zip(jax.jit(divided)(*case()), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_one_real_image_that_the_synthetic_one_equals(name):
    loss, _ = LOSSES[name]
    row = jnp.ones((1, FEATURES))
    value, gradient = jax.value_and_grad(loss, argnums=1)(row, row, jnp.ones(1), jnp.ones(1))
    assert abs(value) < 0.2 and np.isfinite(gradient).all()


@pytest.mark.parametrize("distance", ["moments", "ncf", "rbf"])
def test_dm_matches_a_class_in_chunks(make_net, make_real, monkeypatch, distance):
    """Small chunks give the numbers of whole batches."""
    real, net, results = make_real((5, 9)), make_net(2, depth=1), []
    for chunks in ((1, 1, 2, 2), (None, None, None)):
        own = planning.Chunks(*chunks)
        monkeypatch.setattr(planning, "backend_chunks", lambda *_, own=own, **__: own)
        options = {"ipc": (1, 3), "init": "noise", "augment": "none", "num_networks": 2}
        distiller = methods.dm(net=net, distance=distance, **options)
        key = jax.random.key(0)
        start = distiller.init(key, real)
        before = np.asarray(start.images)
        state, info = distiller.step(key, start, real, 2)
        results.append((np.asarray(state.images) - before, float(info.loss)))
    (ours, our_loss), (theirs, their_loss) = results
    assert np.abs(theirs).max((1, 2, 3)).min() > 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())
    assert our_loss == pytest.approx(their_loss, rel=1e-4)


@pytest.mark.parametrize("distance", ["ncf", "rbf"])
def test_label_rows_are_refused(make_net, make_real, distance):
    real = make_real((8, 9))
    rows = jnp.stack([real.labels, 1 - real.labels], axis=1).astype(jnp.float32)
    distiller = methods.dm(net=make_net(2, depth=1), ipc=1, distance=distance)
    with pytest.raises(UserError) as caught:
        distiller.init(jax.random.key(0), real._replace(labels=rows))
    assert str(caught.value) == (
        f"distance={distance} is for sets with one label per image; choose from: mean, moments"
    )
