"""SGD against PyTorch's, which the golden file holds."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import nets
from medjax.training import Recipe, sgd


@pytest.mark.parametrize("case", ["convnet_c1_28", "convnet_c3_32", "convnet_c3_64"])
def test_sgd_is_torchs(golden, from_torch, x64, case):
    """Five full-batch steps of the reference, in float64, parameter for parameter."""
    arrays = {k: v.astype(np.float64) for k, v in golden(case).items() if v.dtype.kind == "f"}
    syn = arrays["syn"]
    num_classes, per_class, _, height, width = syn.shape
    images = jnp.asarray(syn.reshape(-1, *syn.shape[2:]).transpose(0, 2, 3, 1))
    labels = jnp.repeat(jnp.arange(num_classes), per_class)
    features = arrays["param/features.0.weight"].shape[0]
    depth = sum(name.startswith("param/") and a.ndim == 4 for name, a in arrays.items())
    net = nets.make("convnet", num_classes=num_classes, width=features, depth=depth)
    params = jax.tree.map(jnp.asarray, from_torch(arrays, "param/", np.float64))
    assert width == height

    def loss_fn(params):
        logits = net.apply({"params": params}, images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    recipe = Recipe()
    optimizer = sgd(recipe.learning_rate, recipe.momentum, recipe.weight_decay)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(loss_fn)(params)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    state, losses = optimizer.init(params), []
    for _ in range(5):
        params, state, loss = step(params, state)
        losses.append(float(loss))

    np.testing.assert_allclose(losses, arrays["sgd/losses"], rtol=1e-6)
    expected = from_torch(arrays, "sgd/param/", np.float64)
    # A bias before an instance norm has no gradient; it only decays, and may be near zero.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12), params, expected
    )
