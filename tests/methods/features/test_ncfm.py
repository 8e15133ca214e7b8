"""NCFM against its definition, written out; its bounds, its pairs and its sampling network."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from medjax import data, methods, parallel, planning
from medjax.errors import UserError
from medjax.methods.features.sampling_network import ascend, sample_frequencies, start_sampling
from medjax.methods.networks import both_keys
from medjax.methods.promoting import promoting
from medjax.methods.vectors import unraveller

KEY = jax.random.key(5)
IPC, SIZES, FREQUENCIES = (1, 3), (5, 9), 48
OPTIONS = {
    "ipc": IPC,
    "batch_real": 32,
    "init": "noise",
    "augment": "none",
    "factor": 1,
    "num_frequencies": FREQUENCIES,
    "num_experts": 3,
    "train_epochs": 6,
    "net_learning_rate": 0.5,
}


@pytest.fixture(scope="module")
def net(make_net):
    return make_net(2, depth=1)


@pytest.fixture(scope="module")
def real(make_real, net):
    real, experts = make_real(SIZES), methods.ncfm(net=net, **OPTIONS).experts
    return real._replace(experts=methods.train_experts(KEY, net, experts, real))


def run(distiller, real, *, steps=1, key=KEY):
    start = distiller.init(key, real)
    before = np.asarray(start.images)
    state, info = distiller.step(key, start, real, steps)
    return before, state, info


def by_hand(net, real, groups):
    """The loss of one iteration as a function of the images: ``√½`` of the mean ``|Φ_r − Φ_s|``."""
    key = jax.random.fold_in(KEY, 0)
    draw_keys, use_keys = both_keys(key, jnp.arange(1))
    pair_key, place_key = jax.random.split(draw_keys[0])
    pair = int(jax.random.randint(pair_key, (), 0, 3, jnp.int32))
    place = jax.random.uniform(place_key, (1,))
    before, after = real.experts[2 * pair], real.experts[2 * pair + 1]
    unravel = unraveller(net, real)
    between, trained = unravel(place * before + (1 - place) * after), unravel(after)
    assert 0.05 < float(place[0]) < 0.95 and np.abs(before - after).max() > 0.1

    def features(images):
        rows = net.apply({"params": between}, images, method="embed")
        return rows / jnp.linalg.norm(rows, axis=1, keepdims=True)

    def loss(images):
        total = 0.0
        for label, (mine, yours) in enumerate(zip((images[:1], images[1:]), groups, strict=True)):
            own_key = jax.random.fold_in(jax.random.fold_in(use_keys[0], label), 2)
            ours, theirs = features(mine), features(yours)
            t = jax.random.normal(own_key, (FREQUENCIES, ours.shape[1]))
            angles = [t @ x.T for x in (theirs, ours)]
            waves = [jax.lax.complex(jnp.cos(a), jnp.sin(a)).mean(1) for a in angles]
            total += 300 * jnp.sqrt(0.5) * jnp.mean(jnp.abs(waves[0] - waves[1]))
            logits = net.apply({"params": trained}, mine)
            total -= jnp.mean(jax.nn.log_softmax(logits)[:, label])
        return total

    return loss


@pytest.mark.parametrize("chunks", [(1, 1, 2, 2), (None, None, None)], ids=["cpu", "gpu"])
def test_an_iteration_is_its_definition(net, real, real_by_class, monkeypatch, chunks):
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    before, state, info = run(methods.ncfm(net=net, learning_rate=0.02, **OPTIONS), real)
    loss = by_hand(net, real, real_by_class(real))
    value, gradient = jax.value_and_grad(loss)(jnp.asarray(before))
    assert float(info.loss) == pytest.approx(float(value) / len(IPC), rel=1e-4)
    # The first step of AdamW, in pixel units, with the decay of 5e-4; and then the bounds.
    mean, std = float(real.mean[0]), float(real.std[0])
    pixels, by_pixels = before * std + mean, np.asarray(gradient) / std
    step = by_pixels / (np.abs(by_pixels) + 1e-8) + 5e-4 * pixels
    expected = np.clip(pixels - 0.02 * step, 0, 1)
    clear = np.abs(by_pixels) > 1e-2 * np.abs(by_pixels).max()
    assert clear.mean() > 0.5 and 0.1 < np.mean((expected > 0) & (expected < 1)) < 1
    moved = np.asarray(state.images) * std + mean
    np.testing.assert_allclose(moved[clear], expected[clear], atol=1e-6)


def test_pixels_stay_in_their_range_unless_they_are_whitened(net, real):
    distiller = methods.ncfm(net=net, learning_rate=0.2, **OPTIONS)
    _, state, _ = run(distiller, real, steps=5)
    pixels = np.asarray(data.denormalize(state.images, real.mean, real.std))
    assert pixels.min() > -1e-6 and pixels.max() < 1 + 1e-6
    images = data.take(real, jnp.arange(len(real.labels), dtype=jnp.int32))
    plain = {"mean": jnp.zeros_like(real.mean), "std": jnp.ones_like(real.std)}
    _, state, _ = run(distiller, real._replace(images=images, **plain), steps=5)
    assert np.asarray(state.images).min() < -1


def test_the_rate_is_halved_where_the_loss_no_longer_falls(net, real):
    def scale(patience):
        distiller = methods.ncfm(net=net, learning_rate=0.0, patience=patience, **OPTIONS)
        _, state, _ = run(distiller, real, steps=30)
        return float(state.opt_state[-1].scale)

    assert scale(30) == 1.0
    assert scale(3) in (2.0**-n for n in range(3, 11))


def test_calibration_is_the_entropy_of_the_trained_network(net, real):
    def loss(calibration):
        distiller = methods.ncfm(net=net, calibration=calibration, **OPTIONS)
        return float(run(distiller, real)[2].loss)

    none, one, three = map(loss, (0.0, 1.0, 3.0))
    assert one > none and three - none == pytest.approx(3 * (one - none), rel=1e-3)


def test_pairs_are_the_ends_of_experts(net, real, make_real):
    experts = methods.ncfm(net=net, **OPTIONS).experts
    assert experts.snapshots == 2 and real.experts.shape[0] == 6
    every = dataclasses.replace(experts, kept=None)
    rows = methods.train_experts(KEY, net, every, make_real(SIZES)).reshape(3, 7, -1)
    np.testing.assert_array_equal(real.experts.reshape(3, 2, -1), rows[:, [0, 6]])


@pytest.mark.parametrize("rows", [None, 5])
def test_other_experts_are_refused(net, real, rows):
    experts = None if rows is None else real.experts[:rows]
    found = None if rows is None else [rows, real.experts.shape[1]]
    with pytest.raises(UserError) as caught:
        run(methods.ncfm(net=net, **OPTIONS), real._replace(experts=experts))
    assert str(caught.value) == (
        f"real.experts must be [6, {real.experts.shape[1]}], 2 snapshots of 3 experts from "
        f"train_experts, got {found}"
    )


def test_batch_norm_takes_its_moments_from_real_images(net, real, monkeypatch):
    net = net.clone(norm="batch")
    distiller, results = methods.ncfm(net=net, **OPTIONS), []
    own = real._replace(experts=methods.train_experts(KEY, net, distiller.experts, real))
    for chunks in ((1, 1, 2, 2), (None, None, None)):
        whole = planning.Chunks(*chunks)
        monkeypatch.setattr(planning, "backend_chunks", lambda *_, whole=whole, **__: whole)
        _, state, info = run(methods.ncfm(net=net, **OPTIONS), own, steps=2)
        results.append((np.asarray(state.images), float(info.loss)))
    assert np.isfinite(results[0][0]).all()
    assert results[0][1] == pytest.approx(results[1][1], rel=1e-4)


def test_a_sampling_network_is_its_definition(x64):
    rng = np.random.default_rng(0)
    sampling = start_sampling(KEY, 4, jnp.float64)
    params = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), sampling["params"])
    noise = rng.normal(size=(2, 6, 4))
    frequencies, pull = sample_frequencies({"params": params}, jnp.asarray(noise))
    for rows, ours in zip(noise, frequencies, strict=True):
        x = rows
        for layer in range(3):
            dense, norm = (params[f"{kind}_{layer}"] for kind in ("Dense", "Norm"))
            x = x @ np.asarray(dense["kernel"]) + np.asarray(dense["bias"])
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
            x = x * np.asarray(norm["scale"]) + np.asarray(norm["bias"])
            x = np.tanh(x) if layer == 2 else np.where(x > 0, x, 0.2 * x)
        np.testing.assert_allclose(ours, x, rtol=1e-8, atol=1e-12)
    # A small step up the gradient of the sum raises it.
    (gradient,) = pull(jnp.ones_like(frequencies))
    moved = ascend({"params": params, "opt_state": sampling["opt_state"]}, gradient)
    higher, _ = sample_frequencies(moved, jnp.asarray(noise))
    assert jnp.sum(higher) > jnp.sum(frequencies)
    steps = jax.tree.map(lambda a, b: np.abs(a - b).max(), moved["params"], params)
    assert max(jax.tree.leaves(steps)) == pytest.approx(1e-3, rel=1e-3)  # Adam's first step


def test_a_sampling_network_raises_the_loss_of_images_that_stay(net, real):
    options = OPTIONS | {"num_frequencies": 320, "num_experts": 1, "calibration": 0.0}
    distiller = methods.ncfm(net=net, learning_rate=0.0, sampling="network", **options)
    own = real._replace(experts=real.experts[:2])
    state, losses = distiller.init(KEY, own), []
    for _ in range(3):
        state, info = distiller.step(KEY, state, own, 40)
        losses.append(float(info.loss))
    assert losses[2] > 1.1 * losses[0]


def test_a_sampling_network_starts_by_the_key(net, real):
    distiller = methods.ncfm(net=net, sampling="network", **OPTIONS)
    one, same, other = (
        jax.tree.leaves(distiller.init(key, real).networks["params"])
        for key in (KEY, KEY, jax.random.key(6))
    )
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
    assert methods.ncfm(net=net, **OPTIONS).init(KEY, real).networks is None


@pytest.mark.parametrize("sampling", ["normal", "network"])
def test_devices_have_the_same_frequencies(net, real, sampling):
    """Drawn, or of a network whose gradient goes through images on several devices."""
    shape = dict.fromkeys(parallel.AXES, 2)
    mesh = parallel.make_mesh(classes=2, networks=2, rows=9, shape=shape, devices=jax.devices())
    options = OPTIONS | {"num_networks": 2, "sampling": sampling}
    _, alone, info = run(methods.ncfm(net=net, **options), real)
    divided = methods.ncfm(net=net, mesh=mesh, **options)
    _, theirs, their_info = run(divided, parallel.replicate(real, mesh))
    assert float(info.loss) == pytest.approx(float(their_info.loss), rel=1e-5)
    np.testing.assert_allclose(theirs.images, alone.images, atol=1e-4)
    if sampling == "network":
        moments = (x.networks["opt_state"][0].mu for x in (theirs, alone))
        (ours, _), (expected, _) = map(ravel_pytree, moments)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_promotion_is_only_standard_inside():
    def update(updates, state, params=None):
        return updates * jnp.int32(2), state

    doubling = promoting(optax.GradientTransformation(lambda params: (), update))
    updates, _ = doubling.update(jnp.ones(1, jnp.float32), ())
    assert updates.tolist() == [2.0] and jax.config.jax_numpy_dtype_promotion == "strict"
