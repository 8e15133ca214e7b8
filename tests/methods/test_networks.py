"""Random networks: distinct, and each a function of its number alone."""

import jax
import jax.numpy as jnp
import numpy as np

from medjax.methods.networks import apply_fn, random_networks

IMAGE = jnp.zeros((1, 8, 8, 1))


def test_networks_are_distinct_and_do_not_depend_on_their_number(make_net):
    net, key = make_net(2, depth=1), jax.random.key(0)
    three_keys, three = random_networks(key, net, IMAGE, jnp.arange(3))
    two_keys, two = random_networks(key, net, IMAGE, jnp.arange(2))
    kernels = np.asarray(three["params"]["conv_0"]["kernel"]).reshape(3, -1)
    assert len(np.unique(kernels, axis=0)) == 3
    np.testing.assert_array_equal(two["params"]["conv_0"]["kernel"].reshape(2, -1), kernels[:2])
    assert (two_keys == three_keys[:2]).all() and len(
        np.unique(jax.random.key_data(three_keys))
    ) > 3


def test_the_network_as_functions(make_net):
    net, images = make_net(3, depth=1), jax.random.normal(jax.random.key(1), (2, 8, 8, 1))
    params = net.init(jax.random.key(0), images)["params"]
    features = apply_fn(net, method="embed")(params, images)
    head = params["head"]
    logits = features @ head["kernel"] + head["bias"][None]
    np.testing.assert_allclose(apply_fn(net)(params, images), logits, atol=1e-6)
