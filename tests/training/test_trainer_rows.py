"""Training on label rows, and with classes or groups that count alike, against the definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import nets, training
from medjax.training import Recipe

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(6, 8, 8, 1)).astype(np.float32)
RATE = 0.5


def train(images, labels, epochs=1, *, norm="instance", **recipe):
    """The parameters of one network after epochs of plain SGD on one batch."""
    net = nets.make("convnet", num_classes=3, width=4, depth=1, norm=norm, precision="float32")
    plain = {"learning_rate": RATE, "momentum": 0.0, "weight_decay": 0.0, "batch_size": 64}
    recipe = Recipe(epochs=epochs, **plain | recipe)
    variables = training.train_networks(
        KEY, net, images, labels, recipe=recipe, num_networks=1, rows=None
    )
    return net, jax.tree.map(lambda x: x[0], variables)["params"]


def assert_close(ours, theirs):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rows", [[[0, 0, 1], [1, 1, 0]] * 3, RNG.random((6, 3))], ids=str)
def test_a_step_on_label_rows_is_bce_of_all_logits(rows):
    rows = np.asarray(rows)
    net, start = train(IMAGES, rows, epochs=0)

    def bce(params):
        logits = net.apply({"params": params}, IMAGES)
        return jnp.mean(jnp.logaddexp(0.0, logits) - jnp.asarray(rows, jnp.float32) * logits)

    # The learning rate drops to a tenth half way, which of one epoch is its start.
    step = jax.tree.map(lambda p, g: p - 0.1 * RATE * g, start, jax.grad(bce)(start))
    assert_close(train(IMAGES, rows)[1], step)


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_balanced_classes_count_as_if_the_rare_came_as_often(norm):
    labels = np.array([0, 0, 0, 1, 1, 2])
    often = np.array([0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 0, 1, 2])  # six of each class
    _, ours = train(IMAGES, labels, epochs=4, norm=norm, balanced=True)
    _, theirs = train(IMAGES[often], labels[often], epochs=4, norm=norm)
    assert_close(ours, theirs)
    _, natural = train(IMAGES, labels, epochs=4, norm=norm)
    assert np.abs(natural["head"]["bias"] - ours["head"]["bias"]).max() > 1e-3


def test_balanced_groups_count_alike():
    rows = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 1, 1], [0, 0, 0], [0, 0, 0]])
    # Groups of 1, 4, 2 and 2 images: one of several groups counts for each of them.
    groups = [[0], [0, 1, 2, 3], [2, 3], [4, 5]]
    often = np.concatenate([np.repeat(group, 4 // len(group)) for group in groups])
    _, ours = train(IMAGES, rows, epochs=4, balanced=True)
    _, theirs = train(IMAGES[often], rows[often], epochs=4)
    assert_close(ours, theirs)


def test_classes_of_one_size_make_no_difference():
    labels = np.array([0, 0, 1, 1, 2, 2])
    assert_close(
        train(IMAGES, labels, epochs=4, balanced=True)[1], train(IMAGES, labels, epochs=4)[1]
    )
