"""Training on label rows, and with classes or groups that count alike, against the definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import evaluate, nets, training
from medjax.errors import UserError
from medjax.training import Recipe
from medjax.types import IGNORED

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


def test_balanced_images_of_no_group_are_one_more_group():
    rows = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0, -1, 0], [-1, 0, 0]])
    often = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5])
    _, ours = train(IMAGES, rows, epochs=4, balanced=True)
    _, theirs = train(IMAGES[often], rows[often], epochs=4)
    assert_close(ours, theirs)


def unsure():
    """Two findings that are stripes, and the same rows with 30 % of the entries ignored."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (400, 2))
    stripes = np.stack(np.indices((8, 8)) // 2 % 2)
    images = np.tensordot(rows, stripes, 1) + 0.7 * rng.normal(size=(400, 8, 8))
    ignored = rng.random(rows.shape) < 0.3
    return images[..., None].astype(np.float32), rows, ignored


def auroc(images, rows):
    """Of networks trained on the first half, on the second."""
    net = nets.make("mlp", num_classes=2, width=8)
    recipe = Recipe(epochs=20, learning_rate=0.1)
    trained = training.train_networks(
        KEY, net, images[:200], rows[:200], recipe=recipe, num_networks=3
    )
    _, truth, _ = unsure()
    logits = training.predict(net, trained, images[200:])
    return evaluate.label_auroc(np.asarray(logits), truth[200:]).mean()


def test_networks_learn_from_what_is_known():
    images, rows, ignored = unsure()
    whole, known = auroc(images, rows), auroc(images, np.where(ignored, IGNORED, rows))
    wrong = auroc(images, np.where(ignored, 0, rows))
    assert whole > 0.8 and abs(whole - known) < 0.02 and whole - wrong > 0.1


def test_one_step_is_bce_of_the_known_logits():
    rows = np.array([[0, -1, 1], [1, 1, -1]] * 3)
    net, start = train(IMAGES, rows, epochs=0)

    def bce(params):
        logits = net.apply({"params": params}, IMAGES)
        losses = jnp.logaddexp(0.0, logits) - jnp.asarray(rows, jnp.float32) * logits
        return jnp.mean(losses[rows >= 0])

    step = jax.tree.map(lambda p, g: p - 0.1 * RATE * g, start, jax.grad(bce)(start))
    assert_close(train(IMAGES, rows)[1], step)


@pytest.mark.parametrize("entry", [-2, -0.5, 1.5])
def test_other_numbers_than_those_of_a_row_are_refused(entry):
    with pytest.raises(UserError, match=r"between 0 and 1; these go from"):
        train(IMAGES, np.array([[0, entry, 1]] * 6))
    with pytest.raises(UserError, match=r"ignored labels \(-1\) need zeros and ones"):
        train(IMAGES, np.array([[0.5, -1, 1]] * 6))


def test_classes_of_one_size_make_no_difference():
    labels = np.array([0, 0, 1, 1, 2, 2])
    assert_close(
        train(IMAGES, labels, epochs=4, balanced=True)[1], train(IMAGES, labels, epochs=4)[1]
    )
