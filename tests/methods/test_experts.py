"""Experts: plain SGD over shuffled epochs, each a function of its number alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from medjax import data, methods, parallel, planning
from medjax.methods.vectors import unraveller

KEY, SIZES = jax.random.key(5), (6, 14)
PLAIN = methods.Experts(3, epochs=2, learning_rate=0.1, batch_size=20, augment="none")


@pytest.fixture(scope="module")
def net(make_net):
    return make_net(2, depth=1)


@pytest.fixture(scope="module")
def real(make_real):
    return make_real(SIZES)


@pytest.fixture(scope="module")
def trained(net, real):
    return np.asarray(methods.train_experts(KEY, net, PLAIN, real))


def test_moments_are_of_the_whole_batch(net, real, monkeypatch):
    net = net.clone(norm="batch")
    few = planning.Chunks(networks=None, classes=None, images=5)
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: few)
    before, after, last = methods.train_experts(KEY, net, dataclasses.replace(PLAIN, count=1), real)
    images, unravel = data.take(real, jnp.arange(20, dtype=jnp.int32)), unraveller(net, real)

    def loss(vector):
        logits = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
        return -jnp.mean(logits[jnp.arange(20), real.labels])

    np.testing.assert_allclose(after, before - 0.1 * jax.grad(loss)(before), atol=1e-5)
    np.testing.assert_allclose(last, after - 0.1 * jax.grad(loss)(after), atol=1e-5)


def test_a_full_batch_is_gradient_descent(net, real, trained):
    unravel = unraveller(net, real)
    images = data.take(real, jnp.arange(20, dtype=jnp.int32))

    def loss(vector):
        logits = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
        return -jnp.mean(logits[jnp.arange(20), real.labels])

    for expert in range(3):
        before, after, last = trained[3 * expert : 3 * expert + 3]
        np.testing.assert_allclose(after, before - 0.1 * jax.grad(loss)(before), atol=1e-5)
        np.testing.assert_allclose(last, after - 0.1 * jax.grad(loss)(after), atol=1e-5)


def test_sharpness_is_gsam(net, real, trained):
    unravel = unraveller(net, real)
    images = data.take(real, jnp.arange(20, dtype=jnp.int32))

    def loss(vector):
        logits = jax.nn.log_softmax(net.apply({"params": unravel(vector)}, images))
        return -jnp.mean(logits[jnp.arange(20), real.labels])

    flat = dataclasses.replace(PLAIN, count=1, sharpness=0.5)
    before, after, _ = methods.train_experts(KEY, net, flat, real)
    here = jax.grad(loss)(before)
    epsilon = 0.5 * before**2 * here / jnp.linalg.norm(before * here)
    highest = jax.grad(loss)(before + epsilon)
    unit = highest / jnp.linalg.norm(highest)
    direction = highest - 0.3 * (here - (here @ unit) * unit)
    np.testing.assert_allclose(after, before - 0.1 * direction, atol=1e-5)
    np.testing.assert_array_equal(before, trained[0])
    assert np.abs(after - trained[1]).max() > 1e-4


@pytest.mark.parametrize("shape", [(1, 2, 1), (2, 2, 2)])
def test_devices_divide_them(net, real, trained, shape):
    numbers, mesh = (
        jnp.arange(3, dtype=jnp.int32),
        parallel.make_mesh(
            classes=1,
            networks=3,
            rows=1,
            devices=jax.devices()[: np.prod(shape)],
            shape=dict(zip(parallel.AXES, shape, strict=True)),
        ),
    )
    trainer, real = methods.make_trainer(net, PLAIN, mesh=mesh), parallel.replicate(real, mesh)
    vectors = trainer.start(KEY, numbers, real)
    for index in range(PLAIN.epochs):
        vectors = trainer.epoch(KEY, numbers, vectors, index, real)
    np.testing.assert_allclose(vectors, trained[2::3], atol=1e-6)


def test_snapshots_are_parameters(net, real, trained):
    assert trained.shape == (9, methods.vector_size(net, real)) and trained.dtype == np.float32
    params = net.init(KEY, jnp.zeros((1, 8, 8, 1)))["params"]
    again = unraveller(net, real)(jnp.asarray(trained[0]))
    assert jax.tree.map(jnp.shape, again) == jax.tree.map(jnp.shape, params)
    np.testing.assert_array_equal(ravel_pytree(again)[0], trained[0])


def test_experts_differ_from_the_start(trained):
    assert len({row.tobytes() for row in trained}) == len(trained)


def test_an_expert_does_not_depend_on_the_others(net, real):
    """In minibatches with augmentation, whose draws are its own as well."""
    how = dataclasses.replace(PLAIN, batch_size=8, augment="crop_flip")
    trainer = methods.make_trainer(net, how)

    def epochs(numbers):
        numbers = jnp.asarray(numbers, jnp.int32)
        vectors = trainer.start(KEY, numbers, real)
        for index in range(2):
            vectors = trainer.epoch(KEY, numbers, vectors, index, real)
        return np.asarray(vectors)

    np.testing.assert_allclose(epochs([0, 1, 2])[1:2], epochs([1]), atol=1e-6)
    assert trainer.epoch._cache_size() == 2  # one program for all epochs of as many experts


def test_they_learn(net, real):
    how = dataclasses.replace(PLAIN, count=1, epochs=30, batch_size=5)
    rows = methods.train_experts(KEY, net, how, real)
    images = data.take(real, jnp.arange(20, dtype=jnp.int32))

    def accuracy(vector):
        logits = net.apply({"params": unraveller(net, real)(vector)}, images)
        return float(jnp.mean(jnp.argmax(logits, axis=1) == real.labels))

    assert accuracy(rows[-1]) == 1.0


def test_images_on_disk_make_the_same_experts(net, real, trained, tmp_path):
    np.save(tmp_path / "images.npy", real.images)
    on_disk = real._replace(images=data.place(np.load(tmp_path / "images.npy", mmap_mode="r")))
    ours = np.asarray(methods.train_experts(KEY, net, PLAIN, on_disk))
    np.testing.assert_array_equal(ours, trained)


@pytest.mark.bits
def test_experts_on_disk_are_matched_alike(net, real, trained, tmp_path):
    np.save(tmp_path / "experts.npy", trained)
    mapped = data.place(np.load(tmp_path / "experts.npy", mmap_mode="r"))
    options = {"num_experts": 3, "train_epochs": 2, "max_start_epoch": 2, "expert_epochs": 1}
    distiller = methods.mtt(net=net, ipc=2, syn_steps=2, **options)
    results = []
    for rows in (jnp.asarray(trained), mapped):
        own = real._replace(experts=rows)
        state, info = distiller.step(KEY, distiller.init(KEY, own), own, 3)
        results.append((np.asarray(state.images), float(state.step_size), float(info.loss)))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert results[0][1:] == results[1][1:]
