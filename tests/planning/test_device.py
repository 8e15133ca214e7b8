"""The device that plans are made for."""

import jax
import pytest

from medjax import planning


def test_the_first_device_unless_another_is_the_default():
    assert planning.planned_device() == jax.devices()[0]
    with jax.default_device(jax.devices()[2]):
        assert planning.planned_device() == jax.devices()[2]
    with jax.default_device("cpu"):
        assert planning.planned_device() == jax.devices("cpu")[0]


@pytest.mark.parametrize("platform", ["cpu", "cuda"])
def test_chunks_are_those_of_the_default_device(platform, monkeypatch):
    """A host with a GPU may compute on its CPU."""
    from medjax import nets
    from medjax.training import chunk_sizes

    class Device:
        def __init__(self, platform):
            self.platform = platform

        def memory_stats(self):
            return {"bytes_limit": 10**9}

    monkeypatch.setattr(planning, "planned_device", lambda: Device(platform))
    image = jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")
    net = nets.make("convnet", num_classes=2, width=8)
    chunks = chunk_sizes.chunks_of(net, image, num_networks=3, rows=10**4, whole=False)
    assert (chunks.networks == 1) == (platform == "cpu")
