"""A network that turns noise into frequencies, trained to tell two distributions apart."""

from collections.abc import Callable
from typing import Any, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from medjax.methods.promoting import promoting
from medjax.nets.layers.linear import Dense
from medjax.nets.layers.norms import Norm
from medjax.types import Array, Params, PRNGKey

_ACTIVATIONS = ((lambda x: nn.leaky_relu(x, 0.2)),) * 2 + (jnp.tanh,)
_OPTIMIZER = promoting(optax.adam(1e-3))


class SamplingNetwork(nn.Module):
    """Three linear layers as wide as the features, each with batch norm and an activation.

    The activations are leaky ReLU with slope 0.2, twice, and tanh, so that frequencies lie in
    ``(−1, 1)``. The moments of the batch norm are those of the noise of each call.

    Example:
      >>> network, noise = SamplingNetwork(), jnp.ones((4, 3))
      >>> params = network.init(jax.random.key(0), noise)["params"]
      >>> network.apply({"params": params}, noise).shape
      (4, 3)

    Wang et al., "Dataset Distillation with Neural Characteristic Function: A Minmax Perspective",
    CVPR 2025.
    """

    @nn.compact
    def __call__(self, noise: Array) -> Array:
        """``[k, f] -> [k, f]``."""
        x = noise
        for activation in _ACTIVATIONS:
            x = Dense(x.shape[-1])(x)
            x = activation(Norm("batch")(x[:, None, None])[:, 0, 0])
        return x


def start_sampling(key: PRNGKey, width: int, dtype: Any) -> Params:
    """Returns a fresh sampling network of features of a width: parameters and optimiser state."""
    params = SamplingNetwork().init(key, jnp.zeros((2, width), dtype))["params"]
    return {"params": params, "opt_state": _OPTIMIZER.init(params)}


def sample_frequencies(
    sampling: Params, noise: Array
) -> tuple[Array, Callable[[Array], tuple[Params]]]:
    """Returns the frequencies of noise ``[C, k, f]``, each class by itself, and their pull-back.

    Args:
      sampling: from ``start_sampling``.
      noise: float ``[C, k, f]``, ``k`` at least 2.

    Returns:
      ``(frequencies [C, k, f], pull)``; ``pull`` turns a gradient with respect to the frequencies
      into ``(gradient with respect to the parameters,)``.
    """

    def one(params: Params, rows: Array) -> Array:
        return cast(Array, SamplingNetwork().apply({"params": params}, rows))

    def sample(params: Params) -> Array:
        return jax.vmap(one, in_axes=(None, 0))(params, noise)

    frequencies, pull = jax.vjp(sample, sampling["params"])
    return frequencies, pull


def ascend(sampling: Params, gradient: Params) -> Params:
    """Moves a sampling network along a gradient with respect to its parameters, by Adam."""
    descent = jax.tree.map(jnp.negative, gradient)
    updates, opt_state = _OPTIMIZER.update(descent, sampling["opt_state"])
    return {"params": optax.apply_updates(sampling["params"], updates), "opt_state": opt_state}
