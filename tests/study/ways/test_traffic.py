"""Bytes: those of arrays as they are in memory."""

import jax
import numpy as np

from medjax import nets
from medjax.study.ways import traffic


def test_a_set_has_the_bytes_of_its_arrays():
    labels = np.zeros(7, np.int32)
    for dtype in (np.uint8, np.float32):
        images = np.zeros((7, 5, 4, 3), dtype)
        expected = images.nbytes + labels.nbytes
        assert traffic.set_bytes(images.size, len(labels), dtype=dtype) == expected


def test_moments_have_the_bytes_of_their_arrays():
    mean = np.zeros(3, np.float32)
    assert traffic.moments_bytes(3) == 2 * mean.nbytes + np.int64(0).nbytes


def test_a_network_has_the_bytes_of_its_parameters():
    net = nets.make("convnet", num_classes=3, width=4, depth=2)
    image = np.zeros((1, 8, 8, 1), np.float32)
    leaves = jax.tree.leaves(jax.eval_shape(net.init, jax.random.key(0), image))
    expected = sum(np.zeros(leaf.shape, leaf.dtype).nbytes for leaf in leaves)
    assert traffic.model_bytes([leaf.shape for leaf in leaves]) == expected
