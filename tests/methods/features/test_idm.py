"""IDM against its definition, written out in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import methods, nets, planning
from medjax.methods.features.queue import NetworkQueue

KEY = jax.random.key(5)
SIZES, ACCURACY, WEIGHT = (5, 9), 0.7, 0.03
OPTIONS = {
    "init": "noise",
    "augment": "none",
    "learning_rate": 0.5,
    "momentum": 0.0,
    "batch_real": 32,
    "ce_weight": WEIGHT,
    "num_networks_kept": 2,
    "new_network_every": 100,
    "trained_networks": 1,
    "train_steps": 1,
    "net_learning_rate": 0.0,
}


@pytest.fixture
def real(make_real, x64):
    real = make_real(SIZES)
    return real._replace(mean=jnp.asarray([0.55], float), std=jnp.asarray([0.2], float))


def start_of(distiller, real, flip=1):
    """The state before iteration 1, with one network, whose logits may have the other sign."""
    state = distiller.init(KEY, real)
    rng = np.random.default_rng(0)

    def slot(zeros):
        return zeros.at[0].set(rng.normal(0, 0.2, zeros.shape[1:]))

    members = state.networks.members
    params = jax.tree.map(slot, members.variables["params"])
    params["head"] = {name: flip * x for name, x in params["head"].items()}
    accuracy = members.accuracy.at[0].set(ACCURACY)
    members = members._replace(variables={"params": params}, accuracy=accuracy)
    queue = NetworkQueue(members, jnp.int32(1))
    return state._replace(step=jnp.int32(1), networks=queue)


def outputs(params, images):
    """Features and logits, in numpy."""
    flat = np.asarray(images).reshape(len(images), -1)
    features = np.tanh(flat @ params["hidden"]["kernel"] + params["hidden"]["bias"])
    return features, features @ params["head"]["kernel"] + params["head"]["bias"]


def class_loss(params, real, syn, label, *, decided, moments):
    """The squared distance of moments of features, and cross entropy in proportion to accuracy.

    ``decided`` says whether an image that is classified rightly has no cross entropy.
    """
    features = outputs(params, real)[0], outputs(params, syn)[0]
    differences = [np.subtract(*(moment(x, 0) for x in features)) for moment in moments]
    logits = outputs(params, syn)[1]
    entropy = np.log(np.exp(logits).sum(1)) - logits[:, label]
    if decided:
        entropy = entropy * (logits.argmax(1) != label)
    return np.square(differences).sum() + WEIGHT * 100 * ACCURACY * entropy.mean()


CPU, GPU = (1, 1, 2, 2), (None, None, None)


@pytest.mark.parametrize(
    ("distance", "chunks", "flip", "factor"),
    [("mean", CPU, 1, 1), ("mean", GPU, -1, 1), ("mean", CPU, 1, 2), ("moments", CPU, 1, 2)],
)
def test_the_loss_is_its_definition(real, tanh_net, monkeypatch, distance, chunks, flip, factor):
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    own = {"distance": distance, "factor": factor}
    distiller = methods.idm(net=tanh_net, ipc=(1, 3), **own, **OPTIONS)
    moments = (np.mean, np.std) if distance == "moments" else (np.mean,)
    state = start_of(distiller, real, flip)
    params = jax.tree.map(lambda x: np.asarray(x[0]), state.networks.members.variables["params"])
    images = (np.asarray(real.images, float) / 255 - 0.55) / 0.2
    groups = [images[np.asarray(real.labels) == label] for label in (0, 1)]
    stored = np.asarray(state.images)

    def loss(stored):
        parts = [methods.decode(jnp.asarray(x), factor=factor) for x in (stored[:1], stored[1:])]
        return sum(
            class_loss(params, *some, label, decided=lone, moments=moments)
            for label, (some, lone) in enumerate(
                zip(zip(groups, parts, strict=True), (factor == 1, False), strict=True)
            )
        )

    moved, info = distiller.step(KEY, state, real, 1)
    assert float(info.loss) == pytest.approx(loss(stored) / 2, rel=1e-6)
    step, rng = 1e-5, np.random.default_rng(1)
    for _ in range(3):  # the derivative along random directions
        direction = rng.normal(size=stored.shape)
        slope = (loss(stored + step * direction) - loss(stored - step * direction)) / (2 * step)
        along = -(np.asarray(moved.images) - stored) / 0.5
        assert (along * direction).sum() == pytest.approx(slope, rel=1e-5)


def test_a_lone_image_is_right_or_wrong(real, tanh_net):
    """The two signs of the oracle above are the two cases of the rule."""
    state = start_of(methods.idm(net=tanh_net, ipc=(1, 3), factor=1, **OPTIONS), real)
    params = jax.tree.map(lambda x: np.asarray(x[0]), state.networks.members.variables["params"])
    logits = outputs(params, state.images[:1])[1]
    assert logits.argmax() != (-logits).argmax()


def test_memory_is_planned_for_the_cross_entropy_and_the_queue(make_net, make_real, monkeypatch):
    """On a GPU, where everything is differentiated at once."""
    planned, real = {}, make_real(SIZES)
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*GPU))
    monkeypatch.setattr(planning, "device_budget", lambda: 2**30)
    for name, options in (("dm", {}), ("idm", {"num_networks_kept": 4, "factor": 1})):

        def fit(wanted, sizes, cost, *, budget, name=name):
            planned[name] = cost, budget
            return wanted

        monkeypatch.setattr(planning, "fit", fit)
        distiller = methods.make(name, net=make_net(2, depth=1), ipc=2, init="noise", **options)
        state = jax.eval_shape(distiller.init, KEY, real)
        jax.eval_shape(distiller.step, KEY, state, real, 1)
    (dm, whole), (idm, rest) = planned["dm"], planned["idm"]
    assert idm.per_syn >= dm.per_syn and idm.per_real == dm.per_real
    kept = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(state.networks))
    assert whole == 2**30 and rest == whole - kept


def test_a_batch_norm_is_matched_with_the_moments_of_its_training(make_real):
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")
    options = OPTIONS | {"num_networks_kept": 1, "net_learning_rate": 0.1}
    distiller, real = methods.idm(net=net, ipc=2, **options), make_real(SIZES)
    images = []
    for shift in (0.0, 3.0):
        state = distiller.init(KEY, real)
        members = state.networks.members
        variables = jax.tree.map(lambda x: jnp.full_like(x, 0.1), members.variables)
        variables["batch_stats"] = jax.tree.map(lambda x, y=shift: x + y, variables["batch_stats"])
        queue = NetworkQueue(members._replace(variables=variables), jnp.int32(1))
        before = jax.tree.map(np.asarray, jax.tree.leaves(variables["batch_stats"]))
        state = state._replace(step=jnp.int32(1), networks=queue)
        state, info = distiller.step(KEY, state, real, 1)
        after = jax.tree.leaves(state.networks.members.variables["batch_stats"])
        assert int(info.bad_step) == -1
        assert all((a != b).all() for a, b in zip(after, before, strict=True))
        images.append(np.asarray(state.images))
    assert (images[0] != images[1]).any()
