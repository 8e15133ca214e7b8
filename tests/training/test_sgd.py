"""SGD against PyTorch's, which the golden file holds."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax import nets
from medjax.training import Recipe, sgd


@pytest.mark.parametrize("case", ["convnet_c1_28", "convnet_c3_32", "convnet_c3_64"])
def test_sgd_is_torchs(golden, x64, case):
    """Five full-batch steps of the reference, in float64, parameter for parameter."""
    arrays = {k: v.astype(np.float64) for k, v in golden(case).items() if v.dtype.kind == "f"}
    syn = arrays["syn"]
    num_classes, per_class, _, height, width = syn.shape
    images = jnp.asarray(syn.reshape(-1, *syn.shape[2:]).transpose(0, 2, 3, 1))
    labels = jnp.repeat(jnp.arange(num_classes), per_class)
    features = arrays["param/features.0.weight"].shape[0]
    depth = sum(name.startswith("param/") and a.ndim == 4 for name, a in arrays.items())
    net = nets.make("convnet", num_classes=num_classes, width=features, depth=depth)
    final_size = (32 if height == 28 else height) // 2**depth
    params = _flax_params(arrays, "param", final_size)
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
    expected = _flax_params(arrays, "sgd/param", final_size)
    # A bias before an instance norm has no gradient; it only decays, and may be near zero.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-12), params, expected
    )


def _flax_params(arrays, prefix, size):
    """Torch's weights in our layout: OIHW → HWIO, and (C, H, W) features → (H, W, C)."""
    blocks = {}
    depth = sum(name.startswith(f"{prefix}/") and a.ndim == 4 for name, a in arrays.items())
    for block in range(depth):
        conv, norm = f"{prefix}/features.{4 * block}", f"{prefix}/features.{4 * block + 1}"
        kernel = arrays[f"{conv}.weight"].transpose(2, 3, 1, 0)
        blocks[f"conv_{block}"] = {"kernel": kernel, "bias": arrays[f"{conv}.bias"]}
        blocks[f"norm_{block}"] = {
            "scale": arrays[f"{norm}.weight"],
            "bias": arrays[f"{norm}.bias"],
        }
    weight = arrays[f"{prefix}/classifier.weight"]
    weight = weight.reshape(len(weight), -1, size, size).transpose(2, 3, 1, 0)
    head = {"kernel": weight.reshape(-1, len(weight[0, 0, 0])), "bias": None}
    head["bias"] = arrays[f"{prefix}/classifier.bias"]
    return jax.tree.map(jnp.asarray, blocks | {"head": head})
