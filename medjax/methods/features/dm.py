"""DM: distribution matching."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import flax.linen as nn
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import parse_strategy
from medjax.data import RealData
from medjax.errors import UserError, unknown
from medjax.methods.batchnorm import with_moments
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.features.distances import (
    NUM_FREQUENCIES,
    batch_features,
    characteristic_loss,
    deviations_loss,
    normal_frequencies,
    rbf_loss,
)
from medjax.methods.layout import make_layout
from medjax.methods.matching import ClassBatch, Matching
from medjax.methods.networks import apply_fn, both_keys
from medjax.types import Array, EmbedFn, Params, PRNGKey, SyntheticSet

DISTANCES = ("mean", "moments", "rbf", "ncf")
# Those that know several findings in an image.
_OF_ROWS = ("mean", "moments")


def dm(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 1.0,
    momentum: float = 0.5,
    batch_real: int = 256,
    init: str = "real",
    augment: str = "color_crop_cutout_flip_scale_rotate",
    num_networks: int = 1,
    distance: str = "mean",
    factor: int = 1,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches the mean features of real and synthetic images under random networks.

    Each iteration draws ``num_networks`` fresh networks, which are never trained, and makes one
    SGD step on ``mean_networks Σ_classes ‖mean ψ(A(real)) − mean ψ(A(syn))‖²`` with one siamese
    augmentation ``A`` for each network and class. The classes of a multi-label set are groups,
    whose means given each label are matched as well: ``kernels.conditional_embedding_loss``.

    Args:
      net: a flax module with ``embed``. Batch norm takes its moments from real images of all
        classes in each iteration, see ``with_moments``; the reference normalises the real
        and the synthetic images of all classes each by their own.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      momentum: momentum of the images.
      batch_real: real images of each class and iteration, drawn without replacement; a smaller
        class contributes all its images.
      init: the start of the images, see ``initial_images``; ``real`` is the reference.
      augment: a DSA strategy, or ``none``.
      num_networks: networks whose losses are averaged in an iteration; 1 is the reference.
      distance: of the real and synthetic features of a class. ``mean`` is the reference's, the loss
        above. ``moments`` adds the standard deviation of each feature in the class or group, see
        ``deviations_loss``. ``rbf`` is the squared MMD with Gaussian kernels, see ``rbf_loss``, and
        ``ncf`` the characteristic distance of ``ncfm``, see ``characteristic_loss``; both see the
        whole distribution, may need another learning rate, and are for one label per image.
      factor: patches along each side of a stored image, each of which is enlarged to an image to
        match and to train on, see ``decode``; 1 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = dm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao and Bilen, "Dataset Condensation with Distribution Matching", WACV 2023.
    """
    check_numbers(at_least=0, learning_rate=learning_rate, momentum=momentum)
    return DistributionMatching(
        net=net,
        layout=make_layout(ipc, num_groups or net.num_classes),
        strategy=parse_strategy(augment),
        optimizer=optax.sgd(learning_rate, momentum),
        batch_real=batch_real,
        num_networks=num_networks,
        axes=parallel.axes_of(mesh),
        factor=factor,
        distance=distance,
    ).distiller(init, mesh)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistributionMatching(Matching):
    """Distribution matching with the options of ``dm``."""

    method: ClassVar[str | None] = "embed"
    distance: str = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance not in DISTANCES:
            raise unknown("distance", self.distance, DISTANCES)

    def class_loss(self, variables: Params, batch: ClassBatch, chunks: planning.Chunks) -> Array:
        embed, params = apply_fn(self.net, method="embed", variables=variables), variables["params"]
        if self.distance == "mean":
            return _mean_loss(embed, params, batch, **self.loss_options(batch, chunks))
        return self.feature_loss(*batch_features(embed, params, batch, chunks), batch)

    def feature_loss(self, real: Array, syn: Array, batch: ClassBatch) -> Array:
        """Returns the loss of a class from the features ``[b, f]`` and ``[m, f]`` of its images."""
        options = self.weight_options(batch)
        if self.distance in _OF_ROWS:
            # As images of one pixel, whose features are themselves.
            pixels = {"real_images": real[:, None, None], "syn_images": syn[:, None, None]}
            loss = _mean_loss(lambda _, x: x[:, 0, 0], {}, batch._replace(**pixels), **options)
            return loss if self.distance == "mean" else loss + deviations_loss(real, syn, **options)
        if self.distance == "rbf":
            return rbf_loss(real, syn, **options)
        frequencies = normal_frequencies(batch.key, syn, count=NUM_FREQUENCIES)
        return characteristic_loss(real, syn, frequencies, **options)

    def extend(self, state: DistillState) -> DistillState:
        if self.distance not in _OF_ROWS and state.labels.ndim == 2:
            raise UserError(
                f"distance={self.distance} is for sets with one label per image; "
                f"choose from: {', '.join(_OF_ROWS)}"
            )
        return state

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        keys, variables = self.networks(key, state.images)
        chunks = self.chunks(variables, state.images, real)
        variables = with_moments(
            keys, self.net, variables, real, mode="batch", chunk_size=chunks.networks
        )
        return self.update((keys, variables), state, real, chunks)

    def update(
        self,
        networks: tuple[PRNGKey, Params],
        state: DistillState,
        real: RealData,
        chunks: planning.Chunks,
    ) -> tuple[DistillState, Array]:
        """Updates the images once; the arguments are those of ``loss_and_gradient``."""
        syn = SyntheticSet(state.images, state.labels)
        loss, gradients = self.loss_and_gradient(networks, syn, real, chunks=chunks)
        updates, opt_state = self.optimizer.update(gradients[0], state.opt_state)
        images = optax.apply_updates(state.images, updates)
        return state._replace(images=images, opt_state=opt_state), loss

    def draws(self, key: PRNGKey, real: RealData) -> Array:
        return self.drawn_rows(both_keys(key, jnp.arange(self.num_networks))[1], real)


def _mean_loss(embed: EmbedFn, params: Params, batch: ClassBatch, **options: Any) -> Array:
    if batch.real_labels.ndim == 1:
        images = batch.real_images, batch.syn_images
        return kernels.mean_embedding_loss(embed, params, *images, **options)
    return kernels.conditional_embedding_loss(embed, params, *batch[:4], **options)
