"""Random networks for matching."""

from collections.abc import Callable
from typing import cast

import chex
import flax.linen as nn
import jax

from medjax.types import ApplyFn, Array, Params, PRNGKey


def apply_fn(
    net: nn.Module,
    *,
    method: str | Callable[..., Array] | None = None,
    variables: Params | None = None,
) -> ApplyFn:
    """Returns a network as a function ``(params, images) -> outputs``.

    Args:
      net: a flax module.
      method: ``embed`` for the features before the head, or a function of the module and the
        images; ``None`` for the logits.
      variables: variables beside the parameters, such as the moments of a batch norm.

    Returns:
      A pure function.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2)
      >>> apply, embed = apply_fn(net), apply_fn(net, method="embed")
    """

    def apply(params: Params, images: Array) -> Array:
        outputs = net.apply({**(variables or {}), "params": params}, images, method=method)
        return cast(Array, outputs)

    return apply


def random_networks(
    key: PRNGKey, net: nn.Module, image: Array, indices: Array
) -> tuple[PRNGKey, Params]:
    """Initialises fresh networks and gives each a key.

    Args:
      key: PRNG key; network ``i`` is a function of ``fold_in(key, i)`` alone.
      net: a flax module.
      image: float ``[1, h, w, c]``, of which only the shape matters.
      indices: int ``[k]``, the numbers of the networks.

    Returns:
      ``(keys [k], variables)``, each array with a leading axis ``[k]``.
    """
    chex.assert_shape(image, (1, None, None, None))
    init_keys, use_keys = both_keys(key, indices)
    return use_keys, jax.vmap(lambda init_key: dict(net.init(init_key, image)))(init_keys)


def both_keys(key: PRNGKey, indices: Array) -> tuple[PRNGKey, PRNGKey]:
    """Returns keys ``[k]`` to initialise networks with and keys ``[k]`` to use them with.

    The keys of network ``i``, a number in ``indices [k]``, are functions of ``fold_in(key, i)``.
    """
    chex.assert_rank([key, indices], [0, 1])
    init_keys, use_keys = jax.vmap(jax.random.split, out_axes=1)(
        jax.vmap(jax.random.fold_in, (None, 0))(key, indices)
    )
    return init_keys, use_keys
