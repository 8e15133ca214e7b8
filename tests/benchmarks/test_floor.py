"""The floor's operations are those that the programs really contain."""

import importlib

import jax
import jax.numpy as jnp
import pytest

from medjax import kernels, nets

SHAPE = (28, 28, 3)


@pytest.fixture
def counted(monkeypatch):
    """``counted(work, function, …)``: the compiler's own count, by the floor's."""
    cases, floor = (importlib.import_module(name) for name in ("cases", "floor"))
    monkeypatch.setattr(cases, "BATCH_REAL", 1)
    monkeypatch.setattr(cases, "EPOCHS", 1)
    # The floor is that of the convolutions as they are defined; filtering takes half of it.
    monkeypatch.setattr(importlib.import_module("medjax.nets.layers.conv"), "_LEAST_ROWS", 10**6)

    def ratio(work, function, *args):
        operations = floor.floor(work, cases.Case(3, 28, 1, 8), precision="float32").operations
        return jax.jit(function).lower(*args).cost_analysis()["flops"] / operations

    return ratio


@pytest.fixture(scope="module")
def network():
    net = nets.make("convnet", num_classes=5)
    params = jax.eval_shape(net.init, jax.random.key(0), images(1))["params"]
    return net, params


def images(count):
    return jax.ShapeDtypeStruct((count, *SHAPE), jnp.float32)


def labels(count):
    return jnp.zeros(count, jnp.int32)


def apply_fn(net, **options):
    return lambda params, images: net.apply({"params": params}, images, **options)


# The compiler leaves out products with the zeros around an image (up to a sixth of a small layer's)
# and counts the elementwise work. One convolution more or less would be 14, 50 and 33 per cent.
BOUNDS = 0.88, 1.02


def test_gradient_matching(counted, network):
    net, params = network

    def loss(syn, params, real):
        return kernels.matching_loss(apply_fn(net), params, real, labels(1), syn, labels(8))

    for work in ("dc", "dsa"):
        count = counted(work, jax.value_and_grad(loss), images(8), params, images(1))
        assert BOUNDS[0] < count < BOUNDS[1]


def test_distribution_matching(counted, network):
    net, params = network

    def loss(syn, params, real):
        return kernels.mean_embedding_loss(apply_fn(net, method="embed"), params, real, syn)

    count = counted("dm", jax.value_and_grad(loss), images(8), params, images(1))
    assert BOUNDS[0] < count < BOUNDS[1]


def test_training(counted, network):
    net, params = network

    def gradient(params, batch):
        return kernels.loss_gradient(apply_fn(net), params, batch, labels(8))

    assert BOUNDS[0] < counted("eval1", gradient, params, images(8)) < BOUNDS[1]


def test_bytes_are_of_every_convolutions_operands():
    cases, floor = (importlib.import_module(name) for name in ("cases", "floor"))
    case = cases.Case(1, 28, 1, 1)
    layers = [28 * 28 + 128 * 32 * 32, 128 * (16 * 16 * 2), 128 * (8 * 8 * 2)]
    forward, by_pixels = 256 * sum(layers), 2 * sum(layers)
    for precision, size in (("float32", 4), ("tf32", 4), ("bfloat16", 2)):
        assert floor.floor("dm", case, precision=precision).bytes == size * (forward + by_pixels)
