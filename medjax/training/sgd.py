"""SGD with momentum and weight decay, as in PyTorch."""

import optax

from medjax.types import Array


def sgd(
    learning_rate: float | Array, momentum: float | Array, weight_decay: float | Array
) -> optax.GradientTransformation:
    """Makes PyTorch's SGD, which adds the weight decay to the gradient before the momentum.

    ``v ← μ v + (∇ + λ θ)``, ``θ ← θ − η v``. A change of ``η`` keeps the momentum, because ``v``
    does not contain it.

    Args:
      learning_rate: ``η``, a number or a traced scalar.
      momentum: ``μ``.
      weight_decay: ``λ``.

    Returns:
      An optax transformation; its ``update`` needs the parameters.

    Example:
      >>> import jax.numpy as jnp
      >>> optimizer = sgd(0.5, 0.9, 0.0)
      >>> updates, _ = optimizer.update(jnp.array(2.0), optimizer.init(jnp.array(1.0)), 1.0)
      >>> float(updates)
      -1.0
    """
    return optax.chain(
        optax.add_decayed_weights(weight_decay),
        optax.trace(momentum),
        optax.scale(-learning_rate),
    )
