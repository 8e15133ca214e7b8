"""The networks that a seed gives away, and whitening."""

import jax
import numpy as np
import pytest

from medjax import data, methods, nets, training
from medjax.methods import matching
from medjax.privacy.tracing.features import own_features, pixels, whitened


def test_own_networks_are_those_that_dm_matched(monkeypatch):
    seen, original = [], matching.random_networks

    def watched(*arguments):
        keys, variables = original(*arguments)
        jax.debug.callback(lambda x: seen.append(jax.tree.map(np.asarray, x)), variables)
        return keys, variables

    monkeypatch.setattr(matching, "random_networks", watched)
    rng, labels = np.random.default_rng(0), np.arange(8, dtype=np.int32) % 2
    split = data.Split(rng.integers(0, 256, (8, 8, 8, 1), np.uint8), labels)
    real = data.real_data(split, num_classes=2, mean=np.zeros(1, "f"), std=np.ones(1, "f"))
    net, key = nets.make("convnet", num_classes=2, width=2, depth=1), jax.random.key(5)
    distiller = methods.make("dm", net=net, ipc=1, init="noise", augment="none", num_networks=2)
    jax.block_until_ready(distiller.step(key, distiller.init(key, real), real, 3))
    jax.effects_barrier()
    images = rng.normal(size=(4, 8, 8, 1)).astype(np.float32)
    (last,) = own_features(key, net, iterations=3, count=1)
    (first,) = own_features(key, net, iterations=1, count=1)
    for make, step in ((first, 0), (last, 1)):
        wanted = np.asarray(training.embed(net, seen[step], images))[0]
        np.testing.assert_allclose(make(images), wanted, rtol=1e-5, atol=1e-6)
    assert len(seen) == 3


@pytest.mark.parametrize("count", [300, 12])  # more images than pixels, and fewer
def test_whitening_evens_out_what_varies_most(count):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(count, 4, 4, 1)) * (1 + 30 * (np.arange(4) == 0))[:, None, None]
    make = whitened(pixels, images)
    rows = images.reshape(count, -1) - images.reshape(count, -1).mean(axis=0)
    _, values, directions = np.linalg.svd(rows, full_matrices=False)
    variances, total = values**2 / count, rows.var(axis=0).sum()
    scaled = np.sqrt(0.1 * total / 16 / (variances + 0.1 * total / 16))
    np.testing.assert_allclose(
        make(images) @ directions.T, rows @ directions.T * scaled, atol=1e-6 * values[0]
    )
