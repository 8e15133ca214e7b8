"""IDM: distribution matching under networks in training, with a cross entropy."""

import dataclasses
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import parse_strategy
from medjax.data import RealData
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.features.distances import batch_features
from medjax.methods.features.dm import DistributionMatching
from medjax.methods.features.queue import NetworkQueue, QueueTraining, share_right
from medjax.methods.layout import make_layout
from medjax.methods.matching import ClassBatch
from medjax.methods.networks import apply_fn
from medjax.types import Array, Params, PRNGKey


def idm(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 0.2,
    momentum: float = 0.5,
    batch_real: int = 256,
    init: str = "mix",
    augment: str = "color_crop_cutout_flip_scale_rotate",
    num_networks: int = 1,
    ce_weight: float = 0.5,
    num_networks_kept: int = 100,
    new_network_every: int = 30,
    trained_networks: int = 2,
    train_steps: int = 10,
    net_batch: int = 256,
    net_learning_rate: float = 0.01,
    distance: str = "mean",
    factor: int = 2,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches the mean features of real and synthetic images under networks in training.

    A queue keeps networks of different ages. Each iteration draws ``num_networks`` of them and
    makes one SGD step on ``mean_networks Σ_classes ‖mean ψ(A(real)) − mean ψ(A(syn))‖² + λ a
    CE(A(syn))`` with DM's siamese augmentation ``A``, ``λ = ce_weight``, and ``a`` the network's
    accuracy in percent on the minibatches that it has been trained on. It then trains
    ``trained_networks`` drawn ones for ``train_steps`` minibatches of real images, see
    ``QueueTraining``.

    In a class of a single image without patches (``factor=1``), the cross entropy counts only while
    the network gets the image wrong.

    Args:
      net: a flax module with ``embed`` and ``head``. A batch norm has the running moments of its
        training.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      momentum: momentum of the images.
      batch_real: real images of each class and iteration, drawn without replacement; a smaller
        class contributes all its images.
      init: the start of the images, see ``initial_images``; ``mix`` is the reference.
      augment: a DSA strategy, or ``none``.
      num_networks: networks over which the loss is averaged in an iteration; 1 is the reference.
      ce_weight: λ, the weight of the cross entropy at an accuracy of one percent; 0 is none.
      num_networks_kept: networks in the queue, which the state holds with their momenta.
      new_network_every: iterations between two fresh networks, each of which takes the place of
        the oldest once the queue is full.
      trained_networks: networks that are trained in an iteration; 0 leaves all random, and gives
        the cross entropy no weight.
      train_steps: minibatches of each of them.
      net_batch: real images of a minibatch.
      net_learning_rate: learning rate of the networks.
      distance: of the real and synthetic features of a class, see ``dm``; ``mean`` is the
        reference.
      factor: patches along each side of a stored image, each of which is enlarged to an image to
        match and to train on, see ``decode``; 2 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = idm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao et al., "Improved Distribution Matching for Dataset Condensation", CVPR 2023.
    """
    check_numbers(at_least=1, num_networks_kept=num_networks_kept, train_steps=train_steps)
    check_numbers(at_least=1, new_network_every=new_network_every, net_batch=net_batch)
    check_numbers(at_least=0, trained_networks=trained_networks)
    check_numbers(at_least=0, learning_rate=learning_rate, momentum=momentum)
    check_numbers(at_least=0, ce_weight=ce_weight, net_learning_rate=net_learning_rate)
    axes = parallel.axes_of(mesh)
    training = QueueTraining(
        net=net,
        kept=num_networks_kept,
        new_every=new_network_every,
        trained=trained_networks,
        steps=train_steps,
        learning_rate=net_learning_rate,
        batch_size=net_batch,
        axes=axes.classes + axes.networks + axes.rows,
    )
    return _ImprovedMatching(
        net=net,
        layout=make_layout(ipc, num_groups or net.num_classes),
        strategy=parse_strategy(augment),
        optimizer=optax.sgd(learning_rate, momentum),
        batch_real=batch_real,
        num_networks=num_networks,
        axes=axes,
        factor=factor,
        distance=distance,
        training=training,
        ce_weight=ce_weight,
    ).distiller(init, mesh)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _ImprovedMatching(DistributionMatching):
    """Distribution matching with the checked options of ``idm``."""

    training: QueueTraining
    ce_weight: float

    def extend(self, state: DistillState) -> DistillState:
        state = super().extend(state)
        return state._replace(networks=self.training.start(state.images[:1]))

    def class_loss(self, variables: Params, batch: ClassBatch, chunks: planning.Chunks) -> Array:
        # One pass over the images gives their features and the logits.
        both, count = apply_fn(self.net, method=_outputs, variables=variables), self.net.num_classes
        real, syn = batch_features(both, variables["params"], batch, chunks)
        matched = self.feature_loss(real[:, :-count], syn[:, :-count], batch)
        weight: Array = self.ce_weight * 100 * variables["training"]["accuracy"]
        return matched + weight * _cross_entropy(syn[:, -count:], batch)

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        renew_key, match_key, train_key = _keys(key)
        queue = self.training.renew(renew_key, state.networks, state.images[:1], state.step)
        networks = self._drawn(match_key, queue)
        chunks = self.chunks(networks[1], state.images, real, kept_bytes=queue.nbytes)
        state, loss = self.update(networks, state, real, chunks)
        return state._replace(networks=self.training.train(train_key, queue, real)), loss

    def draws(self, key: PRNGKey, real: RealData) -> Array:
        _, match_key, _ = _keys(key)
        return self.drawn_rows(self._match_keys(match_key), real)

    def minibatches(self, key: PRNGKey, real: RealData) -> Array:
        _, _, train_key = _keys(key)
        return self.training.rows(train_key, real)

    def _drawn(self, key: PRNGKey, queue: NetworkQueue) -> tuple[PRNGKey, Params]:
        """Returns the keys and variables of this device's networks, with their accuracies."""
        own = self._share()
        # No use of a network has this number.
        slots = queue.draw(jax.random.fold_in(key, self.num_networks), count=self.num_networks)
        keys, slots = own.take((self._match_keys(key), slots))
        variables = jax.tree.map(lambda x: x[slots], queue.members.variables)
        # A collection that the network does not know, beside the moments of a batch norm.
        return keys, {**variables, "training": {"accuracy": queue.members.accuracy[slots]}}

    def _match_keys(self, key: PRNGKey) -> PRNGKey:
        """Returns a key for each use of a network, ``[k]``."""
        return jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(self.num_networks))


def _outputs(net: nn.Module, images: Array) -> Array:
    """Returns the features of images and, beside them, the logits."""
    features = net.embed(images)
    return jnp.concatenate([features, net.head(features)], axis=1)


def _cross_entropy(logits: Array, batch: ClassBatch) -> Array:
    """Returns the mean over the synthetic images of a class; 0 for a lone one that is right."""
    weights = batch.syn_weights
    wrong, count = share_right(logits, batch.syn_labels) < 1, jnp.sum(weights)
    weights = jnp.where(wrong | (count > 1), weights, 0)
    entropy = kernels.cross_entropy(logits, batch.syn_labels, weights=weights)
    return entropy * jnp.sum(weights) / count


def _keys(key: PRNGKey) -> PRNGKey:
    """Returns the keys of an iteration that make, match and train networks, ``[3]``."""
    return jax.random.split(key, 3)
