"""NCFM: matching of characteristic functions."""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from medjax import data, kernels, parallel, planning
from medjax.augment import parse_strategy
from medjax.data import RealData
from medjax.errors import unknown
from medjax.methods.batchnorm import with_moments
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.experts import Experts, expert_rows
from medjax.methods.features.distances import (
    NUM_FREQUENCIES,
    batch_features,
    characteristic_loss,
    normal_frequencies,
)
from medjax.methods.features.sampling_network import ascend, sample_frequencies, start_sampling
from medjax.methods.layout import make_layout
from medjax.methods.matching import ClassBatch, Matching
from medjax.methods.networks import apply_fn, both_keys
from medjax.methods.promoting import promoting
from medjax.methods.vectors import unraveller, variable_shapes
from medjax.types import Array, Params, PRNGKey, SyntheticSet

SAMPLINGS = ("normal", "network")

# The reference repeats each frequency of its sampling network, which changes no mean.
_REPEATS = 16
_WEIGHT_DECAY = 5e-4
_EXPERT_BATCH = 128
# Numbers that no network of an iteration has, and no iteration.
_NOISE, _START = np.uint32(2**32 - 1), np.uint32(2**32 - 2)


def ncfm(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 0.01,
    patience: int = 500,
    batch_real: int = 1024,
    init: str = "mix",
    augment: str = "color_crop_cutout",
    num_networks: int = 1,
    sampling: str = "normal",
    num_frequencies: int = NUM_FREQUENCIES,
    calibration: float = 1.0,
    num_experts: int = 20,
    train_epochs: int = 60,
    net_learning_rate: float = 0.1,
    factor: int = 2,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches the characteristic functions of the features of real and synthetic images.

    Each iteration draws a pair of networks, an expert before and after its training on the real
    images, and a place ``l ~ U(0, 1)`` between them. With the features ``ψ`` of the network
    ``l·before + (1 − l)·after``, divided by their norms, and one siamese augmentation ``A`` for
    each class, the images make one step of AdamW on
    ``Σ_classes 300·d(ψ(A(real)), ψ(A(syn))) + calibration·CE(after(A(syn)))``, where ``d`` is
    ``kernels.characteristic_distance`` at frequencies drawn anew for each class. The step is made
    in pixel units, and pixels are then clamped to 0–1, those of whitened images never. The first
    and last snapshots of the experts are rows of ``real.experts``, from ``train_experts``.

    Args:
      net: a flax module with ``embed``. Batch norm takes its moments from real images of all
        classes in each iteration, see ``with_moments``.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images, in pixel units.
      patience: iterations without a lower loss after which the rate is halved.
      batch_real: real images of each class and iteration, drawn without replacement; a smaller
        class contributes all its images.
      init: the start of the images, see ``initial_images``; ``mix`` is the reference.
      augment: a DSA strategy, also drawn for every image of an expert's batch; or ``none``.
      num_networks: networks whose losses are averaged in an iteration; 1 is the reference.
      sampling: ``normal`` draws frequencies from ``N(0, I)``, as the released settings do;
        ``network`` takes those of a network of noise that ascends the loss, the paper's minmax.
      num_frequencies: frequencies of a distance; of ``network``, a 16th is computed.
      calibration: weight of the cross entropy of the trained network.
      num_experts: number of experts to draw from.
      train_epochs: epochs of training of each expert.
      net_learning_rate: learning rate of the experts.
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
      >>> distiller = ncfm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
      >>> distiller.experts.count, distiller.experts.snapshot_epochs
      (20, (0, 60))

    Wang et al., "Dataset Distillation with Neural Characteristic Function: A Minmax Perspective",
    CVPR 2025.
    """
    if sampling not in SAMPLINGS:
        raise unknown("sampling", sampling, SAMPLINGS)
    check_numbers(at_least=1, patience=patience)
    check_numbers(at_least=1, num_experts=num_experts, train_epochs=train_epochs)
    # Batch norm of the sampling network needs two rows.
    check_numbers(
        at_least=1 if sampling == "normal" else 2 * _REPEATS, num_frequencies=num_frequencies
    )
    check_numbers(at_least=0, learning_rate=learning_rate, calibration=calibration)
    check_numbers(at_least=1e-8, net_learning_rate=net_learning_rate)
    ends = 0, train_epochs
    matching = _CharacteristicMatching(
        net=net,
        layout=make_layout(ipc, num_groups or net.num_classes),
        strategy=parse_strategy(augment),
        optimizer=_image_optimizer(learning_rate, patience),
        batch_real=batch_real,
        num_networks=num_networks,
        axes=parallel.axes_of(mesh),
        factor=factor,
        experts=Experts(
            num_experts, train_epochs, net_learning_rate, _EXPERT_BATCH, augment, kept=ends
        ),
        num_frequencies=num_frequencies,
        calibration=calibration,
    )
    distiller = matching.distiller(init, mesh)._replace(experts=matching.experts)
    if sampling == "normal":
        return distiller

    def start(key: PRNGKey, real: RealData) -> DistillState:
        state = distiller.init(key, real)
        start_key, dtype = jax.random.fold_in(key, _START), state.images.dtype
        sampling_network = start_sampling(start_key, matching.width(real), dtype)
        return state._replace(networks=parallel.replicate(sampling_network, mesh))

    return distiller._replace(init=start)


def _image_optimizer(learning_rate: float, patience: int) -> optax.GradientTransformationExtraArgs:
    adamw = optax.adamw(learning_rate, weight_decay=_WEIGHT_DECAY)
    plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=patience)
    return promoting(optax.chain(adamw, plateau))


@dataclasses.dataclass(frozen=True, kw_only=True)
class _CharacteristicMatching(Matching):
    """Characteristic function matching with the checked options of ``ncfm``.

    The variables of a network have a further entry ``trained``, the variables of the expert after
    its training.
    """

    method: ClassVar[str | None] = "embed"
    optimizer: optax.GradientTransformationExtraArgs
    experts: Experts
    num_frequencies: int
    calibration: float

    def class_loss(self, variables: Params, batch: ClassBatch, chunks: planning.Chunks) -> Array:
        between, trained = dict(variables), variables["trained"]
        del between["trained"]
        embed = apply_fn(self.net, method="embed", variables=between)
        real, syn = batch_features(embed, between["params"], batch, chunks)
        frequencies = batch.frequencies
        if frequencies is None:
            frequencies = normal_frequencies(batch.key, syn, count=self.num_frequencies)
        matched = characteristic_loss(real, syn, frequencies, **self.weight_options(batch))
        logits = kernels.batch_features(
            apply_fn(self.net, variables=trained),
            trained["params"],
            batch.syn_images,
            chunk_size=chunks.synthetic,
        )
        entropy = kernels.cross_entropy(logits, batch.syn_labels, weights=batch.syn_weights)
        return matched + self.calibration * entropy

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        networks = self._pairs(key, real)
        chunks = self.chunks(networks[1], state.images, real)
        syn = SyntheticSet(state.images, state.labels)
        if state.networks is None:
            loss, gradients = self.loss_and_gradient(networks, syn, real, chunks=chunks)
            return self._move(state, real, loss, gradients[0]), loss
        shape = len(self.layout.index), self.num_frequencies // _REPEATS, self.width(real)
        noise = jax.random.normal(jax.random.fold_in(key, _NOISE), shape, state.images.dtype)
        frequencies, pull = sample_frequencies(state.networks, noise)
        loss, gradients = self.loss_and_gradient(
            networks, syn, real, chunks=chunks, frequencies=frequencies
        )
        sampling = ascend(state.networks, *pull(gradients[-1]))
        return self._move(state, real, loss, gradients[0])._replace(networks=sampling), loss

    def draws(self, key: PRNGKey, real: RealData) -> Array:
        return self.drawn_rows(both_keys(key, jnp.arange(self.num_networks))[1], real)

    def _pairs(self, key: PRNGKey, real: RealData) -> tuple[PRNGKey, Params]:
        """Returns the keys and variables of this device's networks."""
        rows, shapes = expert_rows(real, self.net, self.experts), variable_shapes(self.net, real)
        indices = self._share().take(jnp.arange(self.num_networks))
        draw_keys, use_keys = both_keys(key, indices)
        pair_keys, place_keys = jax.vmap(jax.random.split, out_axes=1)(draw_keys)
        count, dtype = self.experts.count, real.mean.dtype
        pairs = jax.vmap(lambda k: jax.random.randint(k, (), 0, count, jnp.int32))(pair_keys)
        places = jax.vmap(lambda k: jax.random.uniform(k, (1,), dtype))(place_keys)
        before, after = rows[2 * pairs], rows[2 * pairs + 1]
        unravel = jax.vmap(unraveller(self.net, real))

        def variables(vectors: Array) -> Params:
            own = {"params": unravel(vectors)}
            if "batch_stats" in shapes:
                shape = shapes["batch_stats"]
                own["batch_stats"] = jax.tree.map(
                    lambda x: jnp.zeros((len(indices), *x.shape), x.dtype), shape
                )
            return with_moments(use_keys, self.net, own, real, mode="batch", chunk_size=1)

        between = variables(places * before + (1 - places) * after)
        return use_keys, {**between, "trained": variables(after)}

    def width(self, real: RealData) -> int:
        """Returns the number of features of an image."""
        image = jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
        variables = variable_shapes(self.net, real)
        features = jax.eval_shape(
            lambda variables, image: self.net.apply(variables, image, method=self.method),
            variables,
            image,
        )
        return int(features.shape[-1])

    def _move(
        self, state: DistillState, real: RealData, loss: Array, gradient: Array
    ) -> DistillState:
        """Updates the images in pixel units."""
        stats = real.mean, real.std
        pixels = data.denormalize(state.images, *stats)
        by_pixels = data.normalize(gradient, jnp.zeros_like(real.mean), real.std)
        updates, opt_state = self.optimizer.update(by_pixels, state.opt_state, pixels, value=loss)
        pixels = optax.apply_updates(pixels, updates)
        if real.images.dtype == jnp.uint8:  # whitened images have no bounds
            pixels = jnp.clip(pixels, 0, 1)
        return state._replace(images=data.normalize(pixels, *stats), opt_state=opt_state)
