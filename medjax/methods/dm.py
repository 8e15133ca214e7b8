"""DM: distribution matching."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from medjax import kernels, parallel
from medjax.augment import parse_strategy
from medjax.methods.batchnorm import with_moments
from medjax.methods.distiller import Distiller, Iteration, make_distiller
from medjax.methods.layout import make_layout
from medjax.methods.matching import Matching, check_numbers
from medjax.methods.networks import embed_fn, network_keys, random_networks
from medjax.types import SyntheticSet


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
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Distribution matching: equal mean features under random networks.

    Each iteration draws ``num_networks`` fresh networks, which are never trained, and makes one
    SGD step on ``mean_networks Σ_classes ‖mean ψ(A(real)) − mean ψ(A(syn))‖²`` with one siamese
    augmentation ``A`` for each network and class. Of a multi-label set the classes are groups,
    whose means are matched given each label, too: ``kernels.conditional_embedding_loss``.

    Args:
      net: a flax module with ``embed``. Batch norm takes its moments from real images of all
        classes, anew in each iteration, see ``with_moments``; the reference normalises the real
        and the synthetic images of all classes each by their own.
      ipc: images per class, one number or one for each class.
      learning_rate: of the images.
      momentum: of the images.
      batch_real: real images of each class and iteration, drawn without replacement; a smaller
        class counts with all it has.
      init: ``real`` (the reference), ``noise``, ``herding`` or ``kcenter``.
      augment: DSA strategy, or ``none``.
      num_networks: networks whose losses are averaged in an iteration; 1 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` is one for each
        class of a set with one label an image.
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
    check_numbers(at_least=1, batch_real=batch_real, num_networks=num_networks)
    check_numbers(at_least=0, learning_rate=learning_rate, momentum=momentum)
    optimizer = optax.sgd(learning_rate, momentum)

    axes = parallel.axes_of(mesh)

    def forward(variables, images):
        return net.apply(variables, images, method="embed")

    def class_loss(variables, batch, chunks):
        network = embed_fn(net, variables=variables), variables["params"]
        knobs = {
            "real_weights": batch.real_weights,
            "syn_weights": batch.syn_weights,
            "chunk_size": chunks.images,
            "syn_chunk_size": chunks.synthetic,
            "axis_name": axes.rows or None,
        }
        real, syn = (batch.real_images, batch.real_labels), (batch.syn_images, batch.syn_labels)
        if batch.real_labels.ndim == 1:
            return kernels.mean_embedding_loss(*network, real[0], syn[0], **knobs)
        return kernels.conditional_embedding_loss(*network, *real, *syn, **knobs)

    layout = make_layout(ipc, num_groups or net.num_classes)
    strategy = parse_strategy(augment)
    matching = Matching(class_loss, forward, layout, strategy, batch_real, num_networks, axes)

    def run(key, state, real):
        images = state.images
        indices = matching.networks().take(jnp.arange(num_networks))
        keys, variables = random_networks(key, net, images[:1], indices)
        chunks = matching.chunks(variables, images, real)
        variables = with_moments(
            keys, net, variables, real, mode="batch", chunk_size=chunks.networks
        )
        syn = SyntheticSet(images, state.labels)
        loss, gradients = matching.loss_and_gradient(keys, variables, syn, real, chunks=chunks)
        updates, opt_state = optimizer.update(gradients[0], state.opt_state)
        images = optax.apply_updates(images, updates)
        return state._replace(images=images, opt_state=opt_state), loss

    def draws(key, real):
        return matching.draws(network_keys(key, jnp.arange(num_networks)), real)

    iteration = Iteration(run, lambda real: num_networks * matching.real_images(real), draws)
    return make_distiller(iteration, optimizer, layout, init=init, net=net, mesh=mesh)
