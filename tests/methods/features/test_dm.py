"""DM against its definition, written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import methods, planning
from medjax.methods.networks import random_networks

KEY = jax.random.key(5)
IPC, SIZES = (1, 3), (5, 9)


@pytest.fixture(scope="module")
def problem(make_net, make_real):
    return make_net(2, depth=1), make_real(SIZES)


def two_iterations(net, groups, images, *, moments, factor):
    """``‖mean ψ(real) − mean ψ(syn)‖²`` over classes and two networks, SGD with momentum.

    ``moments`` are the mean, and whatever else of the features is matched.
    """

    def embed(params, images):
        return net.apply({"params": params}, images, method="embed")

    @jax.jit
    def loss_and_gradient(params, images):
        def loss(images):
            stored = (images[: IPC[0]], images[IPC[0] :])
            syn = [methods.decode(mine, factor=factor) for mine in stored]
            differences = [
                moment(embed(params, real), 0) - moment(embed(params, mine), 0)
                for real, mine in zip(groups, syn, strict=True)
                for moment in moments
            ]
            return sum(jnp.sum(jnp.square(difference)) for difference in differences)

        return jax.value_and_grad(loss)(images)

    velocity, losses = 0.0, []
    for iteration in range(2):
        key = jax.random.fold_in(KEY, iteration)
        _, networks = random_networks(key, net, images[:1], jnp.arange(2))
        pairs = [
            loss_and_gradient(jax.tree.map(lambda x, i=i: x[i], networks["params"]), images)
            for i in (0, 1)
        ]
        losses.append(np.mean([float(loss) for loss, _ in pairs]) / len(IPC))
        velocity = 0.5 * velocity + (pairs[0][1] + pairs[1][1]) / 2
        images = images - 0.3 * velocity
    return images, np.mean(losses)


CPU, GPU = (1, 1, 2, 2), (None, None, None)


# One network and class at a time, in chunks of images, as on a CPU; and all at once.
@pytest.mark.parametrize(("name", "chunks"), [("dm", CPU), ("dm", GPU), ("auto", CPU)])
def test_two_networks_two_iterations_with_momentum(
    problem, real_by_class, monkeypatch, name, chunks
):
    """``auto`` matches standard deviations too, and those of four patches in each image."""
    of_auto = {"moments": (jnp.mean, jnp.std), "factor": 2}
    own = of_auto if name == "auto" else {"moments": (jnp.mean,), "factor": 1}
    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: planning.Chunks(*chunks))
    net, real = problem
    distiller = methods.make(
        name,
        net=net,
        ipc=IPC,
        learning_rate=0.3,
        batch_real=32,
        init="noise",
        augment="none",
        num_networks=2,
    )
    start = distiller.init(KEY, real)
    before = np.asarray(start.images)
    expected, expected_loss = two_iterations(net, real_by_class(real), jnp.asarray(before), **own)
    state, info = distiller.step(KEY, start, real, 2)
    moved = np.abs(np.asarray(expected) - before)
    assert moved.max((1, 2, 3)).min() > 0.01  # every image, or there is nothing to compare
    np.testing.assert_allclose(state.images, expected, atol=1e-4)
    assert float(info.loss) == pytest.approx(expected_loss, rel=1e-4)
    assert int(info.real_images) == 2 * 2 * sum(SIZES)


def test_real_and_synthetic_images_are_transformed_alike(problem):
    # When the synthetic images are the training images, only the augmentation could differ.
    net, real = problem
    distiller = methods.dm(net=net, ipc=SIZES, learning_rate=0, batch_real=32)
    _, info = distiller.step(KEY, distiller.init(KEY, real), real, 30)
    assert 0 <= float(info.loss) < 1e-8


def test_synthetic_images_of_another_shape_are_refused(problem):
    net, real = problem
    distiller = methods.dm(net=net, ipc=1)
    start = distiller.init(KEY, real)
    with pytest.raises(AssertionError, match="assert_equal_shape_suffix"):
        distiller.step(KEY, start._replace(images=start.images[:, 1:]), real, 1)
