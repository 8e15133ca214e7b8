"""DC: gradient matching, and what DSA shares with it."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, training
from medjax.augment import Strategy, parse_strategy
from medjax.errors import unknown
from medjax.methods.batchnorm import MODES, with_moments
from medjax.methods.distiller import Distiller, Iteration, make_distiller
from medjax.methods.layout import make_layout
from medjax.methods.loops import loops_for
from medjax.methods.matching import Matching, check_numbers
from medjax.methods.networks import apply_fn, network_keys, random_networks
from medjax.methods.softlabels import learn_labels, move_labels
from medjax.training.trainer import gradient_with_moments
from medjax.types import Array, Params, PRNGKey, SyntheticSet

DISTANCES = {
    "columnwise_cosine": kernels.columnwise_cosine,
    "squared_error": kernels.squared_error,
    "cosine": kernels.cosine,
}
_BATCH_TRAIN = 256


def dc(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 0.1,
    momentum: float = 0.5,
    batch_real: int = 256,
    init: str = "noise",
    augment: str = "none",
    num_networks: int = 1,
    distance: str = "columnwise_cosine",
    outer_loop: int | None = None,
    inner_loop: int | None = None,
    net_learning_rate: float = 0.01,
    label_learning_rate: float = 0.0,
    batch_norm: str = "reference",
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Gradient matching: equal gradients along the training of fresh networks.

    Each iteration draws ``num_networks`` fresh networks. ``outer_loop`` times, the images make one
    SGD step on ``mean_networks Σ_classes D(∇_θ ℓ(real), ∇_θ ℓ(syn))``; between two steps each
    network trains for ``inner_loop`` epochs on the synthetic images as they then are.

    Args:
      net: a flax module.
      ipc: images per class, one number or one for each class.
      learning_rate: of the images.
      momentum: of the images.
      batch_real: real images of each class and update, drawn without replacement; a smaller
        class counts with all it has.
      init: ``noise`` (the reference), ``real``, ``herding`` or ``kcenter``.
      augment: siamese DSA strategy, or ``none``.
      num_networks: networks whose losses are averaged in an update; 1 is the reference.
      distance: ``columnwise_cosine`` (the reference), ``squared_error`` or ``cosine``.
      outer_loop: updates of the images in an iteration; ``None`` follows ``loops_for(ipc)``.
      inner_loop: epochs between two updates; ``None`` follows ``loops_for(ipc)``.
      net_learning_rate: of the networks, plain SGD in batches of 256.
      label_learning_rate: of the label rows of a multi-label set, which are learned with the images
        and the momentum of the images, within ``[0, 1]``; 0 keeps them as they are.
      batch_norm: ``reference`` or ``batch``, where the moments of a batch norm come from before
        each update of the images, see ``with_moments``; other norms take no notice.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` is one for each
        class of a set with one label an image.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = dc(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """
    if batch_norm not in MODES:
        raise unknown("batch_norm", batch_norm, MODES)
    if distance not in DISTANCES:
        raise unknown("distance", distance, DISTANCES)
    layout = make_layout(ipc, num_groups or net.num_classes)
    loops = loops_for(ipc)
    outer_loop = loops.outer if outer_loop is None else outer_loop
    inner_loop = loops.inner if inner_loop is None else inner_loop
    counts = {"batch_real": batch_real, "num_networks": num_networks, "outer_loop": outer_loop}
    check_numbers(at_least=1, **counts)
    rates = {"learning_rate": learning_rate, "net_learning_rate": net_learning_rate}
    rates |= {"label_learning_rate": label_learning_rate}
    check_numbers(at_least=0, inner_loop=inner_loop, momentum=momentum, **rates)
    optimizer = optax.sgd(learning_rate, momentum)
    rows_optimizer = optax.sgd(label_learning_rate, momentum)
    strategy = parse_strategy(augment)
    axes = parallel.axes_of(mesh)

    def class_loss(variables, batch, chunks):
        return kernels.matching_loss(
            apply_fn(net, variables=variables),
            variables["params"],
            batch.real_images,
            batch.real_labels,
            batch.syn_images,
            batch.syn_labels,
            distance=DISTANCES[distance],
            real_weights=batch.real_weights,
            syn_weights=batch.syn_weights,
            chunk_size=chunks.images,
            syn_chunk_size=chunks.synthetic,
            axis_name=axes.rows or None,
        )

    matching = Matching(class_loss, net.apply, layout, strategy, batch_real, num_networks, axes)
    train = _trainer(net, strategy, optax.sgd(net_learning_rate), axes.classes + axes.rows)

    def run(key, state, real):
        images = state.images
        indices = matching.networks().take(jnp.arange(num_networks))
        keys, variables = random_networks(key, net, images[:1], indices)
        chunks = matching.chunks(variables, images, real)

        def outer_step(index, carry):
            syn, opt_state, variables, total = carry
            train_keys, match_keys = _update_keys(keys, index)
            # The reference trains after each update but the last: that is before each but the
            # first, and then no program for the last one is needed.
            epochs = jnp.where(index > 0, inner_loop, 0)
            variables = kernels.chunked_map(
                lambda network: train(*network, syn, epochs, chunks.images),
                (train_keys, variables),
                chunk_size=chunks.networks,
            )
            variables = with_moments(
                match_keys, net, variables, real, mode=batch_norm, chunk_size=chunks.networks
            )
            loss, gradients = matching.loss_and_gradient(
                match_keys, variables, syn, real, chunks=chunks
            )
            syn, opt_state = move(syn, gradients, opt_state)
            return syn, opt_state, variables, total + loss

        syn = SyntheticSet(images, state.labels)
        start = (syn, state.opt_state, variables, jnp.zeros((), images.dtype))
        syn, opt_state, _, total = lax.fori_loop(0, outer_loop, outer_step, start)
        moved = state._replace(images=syn.images, labels=syn.labels, opt_state=opt_state)
        return moved, total / outer_loop

    def move(syn, gradients, opt_state):
        labels = syn.labels
        if label_learning_rate:
            opt_state, rows_state = opt_state
            labels, rows_state = move_labels(rows_optimizer, labels, gradients[1], rows_state)
        updates, opt_state = optimizer.update(gradients[0], opt_state)
        images = optax.apply_updates(syn.images, updates)
        opt_state = (opt_state, rows_state) if label_learning_rate else opt_state
        return SyntheticSet(images, labels), opt_state

    def draws(key, real):
        keys = network_keys(key, jnp.arange(num_networks))
        indices = jnp.arange(outer_loop, dtype=jnp.int32)
        return lax.map(lambda index: matching.draws(_update_keys(keys, index)[1], real), indices)

    per_iteration = num_networks * outer_loop
    iteration = Iteration(run, lambda real: per_iteration * matching.real_images(real), draws)
    distiller = make_distiller(iteration, optimizer, layout, init=init, net=net, mesh=mesh)
    return learn_labels(distiller, rows_optimizer, mesh=mesh) if label_learning_rate else distiller


def _update_keys(keys: PRNGKey, index: Array) -> tuple[PRNGKey, PRNGKey]:
    """What each network is trained with before an update of the images, and matched with in it."""
    step_keys = jax.vmap(jax.random.fold_in, (0, None))(keys, index)
    return tuple(jax.vmap(jax.random.split, out_axes=1)(step_keys))


def _trainer(
    net: nn.Module,
    strategy: Strategy,
    optimizer: optax.GradientTransformation,
    axes: parallel.AxisNames,
):
    """Training of one network on the synthetic images: shuffled minibatches, per-image draws.

    The devices along ``axes`` divide each minibatch.
    """

    def train(
        key: PRNGKey,
        variables: Params,
        syn: SyntheticSet,
        epochs: Array,
        image_chunk: int | None,
    ) -> Params:
        images, labels = syn
        # A batch norm needs the minibatch in one piece: then each device computes all of it.
        batch_norm = "batch_stats" in variables
        row_axes = () if batch_norm else axes

        def step(variables, rows, key):
            own = parallel.share(len(rows), row_axes)
            draw = strategy.sample_per_image(key, len(rows))
            draw, rows = draw._replace(units=own.take(draw.units)), own.take(rows)
            inputs = strategy.apply(draw, images[rows])
            if batch_norm:
                gradient, updated = gradient_with_moments(net, variables, inputs, labels[rows])
            else:
                updated = {}
                gradient = kernels.loss_gradient(
                    apply_fn(net),
                    variables["params"],
                    inputs,
                    labels[rows],
                    weights=own.weights(images.dtype),
                    chunk_size=image_chunk,
                    axis_name=row_axes or None,
                )
            params = variables["params"]
            updates, _ = optimizer.update(gradient, optimizer.init(params))
            return {**updated, "params": optax.apply_updates(params, updates)}

        def epoch(index, variables):
            epoch_key = jax.random.fold_in(key, index)
            return training.run_epoch(
                epoch_key, step, variables, num_rows=len(labels), batch_size=_BATCH_TRAIN
            )

        return lax.fori_loop(0, epochs, epoch, variables)

    return train
