"""What differentiation keeps, from shapes alone, and what a device has."""

import os

import jax
import jax.numpy as jnp
import pytest

from medjax import planning


def shape(*sizes, dtype=jnp.float32):
    return jax.ShapeDtypeStruct(sizes, dtype)


def test_one_array_of_each_step_is_kept():
    def three(x):
        return jnp.sin(jnp.sin(jnp.sin(x)))

    assert planning.residual_bytes(three, shape(1000)) == 3 * 4000
    assert planning.residual_bytes(three, shape(1000, dtype=jnp.bfloat16)) == 3 * 2000
    assert planning.residual_bytes(lambda x: 2 * x, shape(1000)) <= 4


def test_a_network_keeps_its_weights_and_each_images_activations():
    def network(params, images):
        return jnp.tanh(images @ params[0]) @ params[1]

    params = shape(30, 50), shape(50, 2)
    bytes_ = [planning.residual_bytes(network, params, shape(n, 30)) for n in (1, 2, 10)]
    per_image = bytes_[1] - bytes_[0]
    assert per_image in (4 * (30 + 50), 4 * (30 + 2 * 50))  # tanh keeps one array or two
    assert bytes_[2] - bytes_[0] == 9 * per_image
    assert bytes_[0] - per_image == 4 * (30 * 50 + 50 * 2)
    found = planning.network_bytes(network, params, shape(1, 30))
    assert found == (bytes_[0] - per_image, per_image)
    assert planning.network_bytes(lambda params, x: x, params, shape(1, 30)) == (0, 1)


def test_a_gradients_derivative_keeps_more():
    def loss(x):
        return jnp.sum(jnp.tanh(x) ** 3)

    first = planning.residual_bytes(loss, shape(1000))
    assert planning.residual_bytes(lambda x: jnp.sum(jax.grad(loss)(x) ** 2), shape(1000)) > first


def test_nothing_is_computed():
    huge = shape(2**40)
    assert planning.residual_bytes(jnp.sin, huge) == 2**42


@pytest.mark.parametrize("in_use", [0, 400])
def test_the_budget_is_three_quarters_of_the_device_whatever_is_in_use(monkeypatch, in_use):
    class Device:
        def memory_stats(self):
            return {"bytes_limit": 1000, "bytes_in_use": in_use}

    monkeypatch.setattr(jax, "local_devices", lambda backend: [Device()])
    assert planning.device_budget() == 750


def test_the_budget_of_a_cpu_is_within_its_memory():
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < planning.device_budget() <= 0.75 * machine


def test_a_machine_that_does_not_tell_its_memory(monkeypatch):
    monkeypatch.delattr(os, "sysconf_names")
    monkeypatch.delattr(os, "sysconf")
    assert 0 < planning.device_budget() <= 6 * 2**30
