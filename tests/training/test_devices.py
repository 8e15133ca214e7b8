"""Training on several devices: the same networks, and only the documented communication."""

import collections
import dataclasses
import re

import jax
import numpy as np
import pytest

from medjax import nets, parallel, training
from medjax.training import Recipe, program
from medjax.training import prediction as forward

KEY = jax.random.key(0)
RECIPE = Recipe(epochs=2, learning_rate=0.05, batch_size=5, augment="color_crop")
IMAGES = np.random.default_rng(0).normal(size=(7, 8, 8, 1)).astype(np.float32)
LABELS = np.arange(7, dtype=np.int32) % 2
NETWORKS = 3


def mesh_of(shape):
    sizes = dict(zip(parallel.AXES, shape, strict=True))
    some = jax.devices()[: int(np.prod(shape))]
    return parallel.make_mesh(classes=1, networks=NETWORKS, rows=5, shape=sizes, devices=some)


def outputs(norm, mesh, rows=None, recipe=RECIPE):
    """Logits of networks trained on seven images in batches of five and two."""
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm=norm)
    options = {"recipe": recipe, "num_networks": NETWORKS, "rows": rows, "mesh": mesh}
    variables = training.train_networks(KEY, net, IMAGES, LABELS, **options)
    logits = training.predict(net, variables, IMAGES, batch_size=2, mesh=mesh)
    assert logits.shape == (NETWORKS, 7, 2)
    return np.asarray(logits)


# Three networks on 1×1×2: two train on a device each, and the batches of one are divided.
@pytest.mark.parametrize("shape", [(1, 2, 1), (1, 1, 2), (2, 2, 1), (1, 2, 4)], ids=str)
def test_devices_change_no_network(shape):
    expected = outputs("instance", None)
    assert np.ptp(expected, axis=0).max() > 0.01  # the networks differ
    np.testing.assert_allclose(
        outputs("instance", mesh_of(shape)), expected, rtol=0, atol=2e-5 * np.abs(expected).max()
    )


def test_the_mean_of_the_whole_batch_fills():
    recipe = dataclasses.replace(RECIPE, augment="dc_crop_scale_rotate")
    expected = outputs("instance", None, recipe=recipe)
    assert np.abs(expected - outputs("instance", None)).max() > 0.01
    np.testing.assert_allclose(
        outputs("instance", mesh_of((1, 1, 2)), recipe=recipe),
        expected,
        rtol=0,
        atol=2e-5 * np.abs(expected).max(),
    )


def test_a_batch_norm_sees_the_whole_batch():
    expected = outputs("batch", None)
    np.testing.assert_allclose(
        outputs("batch", mesh_of((1, 2, 2))), expected, rtol=0, atol=2e-5 * np.abs(expected).max()
    )


def test_each_network_can_have_rows_of_its_own():
    rows = np.array([[0, 1, 2], [4, 5, 6], [1, 3, 5]], np.int32)
    expected = outputs("instance", None, rows)
    np.testing.assert_allclose(
        outputs("instance", mesh_of((1, 2, 1)), rows), expected, rtol=0, atol=1e-5
    )
    net = nets.make("convnet", num_classes=2, width=4, depth=1)
    for index, own in enumerate(rows):
        variables = training.train_networks(
            KEY, net, IMAGES[own], LABELS[own], recipe=RECIPE, num_networks=NETWORKS
        )
        logits = training.predict(net, variables, IMAGES, batch_size=2)
        np.testing.assert_allclose(logits[index], expected[index], rtol=0, atol=1e-5)


COLLECTIVE = re.compile(
    r" (all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute|collective-broadcast)"
    r"(?:-start)?\("
)


# docs/SCALING.md lists them: the gradient of each of the two batches of an epoch, each with, once,
# the number of its rows; at the end the parameters, and what was predicted, on every device. Of
# three networks two train on a device each, and only the third divides its batches.
@pytest.mark.parametrize(
    ("axis", "training"),
    [("net", [{"all-gather"}]), ("batch", [{"all-gather"}, {"all-reduce"}])],
)
def test_only_the_collectives_that_are_documented(monkeypatch, axis, training):
    texts = {}

    def keep(module, name):
        original = getattr(module, name)

        def lowered(*args):
            texts.setdefault(name, []).append(original.lower(*args).compile().as_text())
            return original(*args)

        monkeypatch.setattr(module, name, lowered)

    keep(program, "train")
    keep(forward, "_forward")
    outputs("instance", mesh_of([2 if name == axis else 1 for name in parallel.AXES]))
    found = {
        name: [collections.Counter(COLLECTIVE.findall(text)) for text in programs]
        for name, programs in texts.items()
    }
    assert [set(names) for names in found["train"]] == training
    assert [set(names) for names in found["_forward"]] == [{"all-gather"}]
    if axis == "batch":
        # The compiler may send a number of rows along with its gradient.
        assert 2 <= found["train"][1]["all-reduce"] <= 4
