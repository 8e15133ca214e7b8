"""Label rows that are learned with the images of a multi-label set."""

import chex
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from medjax import parallel
from medjax.data import RealData
from medjax.errors import UserError
from medjax.methods.distiller import Distiller, DistillState
from medjax.types import Array, PRNGKey


def learn_labels(
    distiller: Distiller, optimizer: optax.GradientTransformation, *, mesh: Mesh | None
) -> Distiller:
    """Adds the optimiser of the label rows to the state of a method.

    Args:
      distiller: the method; its steps move the rows by ``move_labels``.
      optimizer: the optimiser of the rows.
      mesh: devices of the run; ``None`` is one device.

    Returns:
      The method with ``opt_state = (state of the images, state of the rows)``. Its ``init`` raises
      a ``UserError`` for a set with one label per image.

    Example:
      >>> from medjax import methods, nets
      >>> net = nets.make("convnet", num_classes=2, width=8)
      >>> distiller = learn_labels(methods.dc(net=net, ipc=1), optax.sgd(0.1), mesh=None)
    """

    def start(key: PRNGKey, real: RealData) -> DistillState:
        if real.labels.ndim == 1:
            raise UserError("label_learning_rate is for multi-label sets; set it to 0 for this one")
        state = distiller.init(key, real)
        rows_state = parallel.replicate(optimizer.init(state.labels), mesh)
        return state._replace(opt_state=(state.opt_state, rows_state))

    return distiller._replace(init=start)


def move_labels(
    optimizer: optax.GradientTransformation,
    labels: Array,
    gradient: Array,
    opt_state: optax.OptState,
) -> tuple[Array, optax.OptState]:
    """Moves label rows by one step and keeps them within ``[0, 1]``.

    Args:
      optimizer: the optimiser of the rows.
      labels: float ``[n, L]``.
      gradient: float ``[n, L]``.
      opt_state: state of the optimiser.

    Returns:
      ``(labels, opt_state)``.

    Example:
      >>> sgd, labels = optax.sgd(1.0), jnp.array([[0.5, 1.0]])
      >>> move_labels(sgd, labels, jnp.array([[0.25, -3.0]]), sgd.init(labels))[0]
      Array([[0.25, 1.  ]], dtype=float32)
    """
    chex.assert_rank(labels, 2)
    chex.assert_equal_shape([labels, gradient])
    updates, opt_state = optimizer.update(gradient, opt_state)
    return jnp.clip(optax.apply_updates(labels, updates), 0, 1), opt_state
