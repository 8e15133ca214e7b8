"""Random networks for matching."""

import flax.linen as nn
import jax

from medjax.types import ApplyFn, Array, EmbedFn, Params, PRNGKey


def apply_fn(net: nn.Module, *, variables: Params | None = None) -> ApplyFn:
    """The network as ``(params, images) -> logits``.

    Args:
      net: a flax module.
      variables: what else it has beside its parameters: a batch norm's moments.

    Returns:
      A pure function.

    Example:
      >>> from medjax import nets
      >>> apply = apply_fn(nets.make("convnet", num_classes=2))
    """
    rest = variables or {}
    return lambda params, images: net.apply({**rest, "params": params}, images)


def embed_fn(net: nn.Module, *, variables: Params | None = None) -> EmbedFn:
    """The network as ``(params, images) -> features`` before the head.

    Args:
      net: a flax module with ``embed``.
      variables: as for ``apply_fn``.

    Returns:
      A pure function.

    Example:
      >>> from medjax import nets
      >>> embed = embed_fn(nets.make("convnet", num_classes=2))
    """
    rest = variables or {}
    return lambda params, images: net.apply({**rest, "params": params}, images, method="embed")


def random_networks(
    key: PRNGKey, net: nn.Module, image: Array, indices: Array
) -> tuple[PRNGKey, Params]:
    """Freshly initialised networks, each with a key of its own.

    Args:
      key: PRNG key; network ``i`` is a function of ``fold_in(key, i)`` alone.
      net: a flax module.
      image: float ``[1, h, w, c]``; its shape alone matters.
      indices: int ``[k]``, which networks.

    Returns:
      ``(keys [k], variables)``: ``params``, and ``batch_stats`` where the network has batch norm;
      each array with a leading axis ``[k]``.

    Example:
      >>> import jax.numpy as jnp
      >>> from medjax import nets
      >>> net, image = nets.make("convnet", num_classes=2, width=4), jnp.zeros((1, 8, 8, 1))
      >>> keys, variables = random_networks(jax.random.key(0), net, image, jnp.arange(3))
      >>> variables["params"]["head"]["bias"].shape
      (3, 2)
    """
    init_keys, use_keys = both_keys(key, indices)
    return use_keys, jax.vmap(lambda init_key: dict(net.init(init_key, image)))(init_keys)


def network_keys(key: PRNGKey, indices: Array) -> PRNGKey:
    """The keys that ``random_networks`` gives to its networks, without the networks.

    Args:
      key: PRNG key.
      indices: int ``[k]``, which networks.

    Returns:
      Keys ``[k]``.

    Example:
      >>> import jax.numpy as jnp
      >>> network_keys(jax.random.key(0), jnp.arange(3)).shape
      (3,)
    """
    return both_keys(key, indices)[1]


def both_keys(key: PRNGKey, indices: Array) -> tuple[PRNGKey, PRNGKey]:
    """What networks are initialised with, and what they are used with.

    Args:
      key: PRNG key; those of network ``i`` are functions of ``fold_in(key, i)`` alone.
      indices: int ``[k]``, which networks.

    Returns:
      Two times keys ``[k]``.

    Example:
      >>> import jax.numpy as jnp
      >>> [keys.shape for keys in both_keys(jax.random.key(0), jnp.arange(3))]
      [(3,), (3,)]
    """
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, indices)
    return tuple(jax.vmap(jax.random.split, out_axes=1)(keys))
