"""Gradient matching: closed forms on a linear model, invariances on a small ConvNet."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec
from jax.test_util import check_grads

from medjax import kernels, nets

CLASSES, REAL, SYN = 3, 5, 3
NET = nets.make("convnet", num_classes=CLASSES, width=4, depth=2)
LOSSES = {"softmax": kernels.softmax_cross_entropy, "sigmoid": kernels.sigmoid_cross_entropy}
DISTANCES = {
    name: getattr(kernels, name) for name in ("columnwise_cosine", "squared_error", "cosine")
}


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def net_fn(params, images):
    return NET.apply({"params": params}, images)


def linear_fn(params, images):
    return images.reshape(len(images), -1) @ params["kernel"] + params["bias"][None]


def net_params():
    image = jnp.zeros((1, 8, 8, 1), jnp.float32)
    shapes = jax.eval_shape(NET.init, jax.random.key(0), image)
    leaves, tree = jax.tree.flatten(shapes["params"])
    params = tree.unflatten([0.2 * normal(i, *leaf.shape) for i, leaf in enumerate(leaves)])
    for norm in ("norm_0", "norm_1"):
        params[norm]["scale"] += 1
    return params


def linear_params():
    return {"kernel": 0.5 * normal(0, 4, CLASSES), "bias": normal(1, CLASSES)}


def batch(seed, size, *, image=(8, 8, 1)):
    """Images, class labels and weights."""
    labels = jnp.asarray(np.random.default_rng(seed).integers(0, CLASSES, size))
    weights = 0.5 + jnp.abs(normal(seed + 1, size))
    return normal(seed + 2, size, *image), labels, weights


def assert_close(ours, theirs, *, rtol=1e-9, atol=1e-12):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), ours, theirs)


def value_and_pixels(params, real, syn):
    """Returns the matching loss of ``(images, labels, weights)`` and its pixel gradient."""

    def loss(images):
        return kernels.matching_loss(
            net_fn,
            params,
            *real[:2],
            images,
            syn[1],
            real_weights=real[2],
            syn_weights=syn[2],
        )

    return jax.value_and_grad(loss)(syn[0])


# One program each for all tests that give it the same shapes.
one_class = jax.jit(value_and_pixels)
all_classes = jax.jit(jax.vmap(value_and_pixels, in_axes=(None, 0, 0)))
whole_gradient = jax.jit(lambda *args: kernels.loss_gradient(net_fn, *args[:3], weights=args[3]))


def numpy_gradient(params, images, labels, *, weights, loss):
    """The loss gradient of the linear model, ``Σ w (p − y) xᵀ / Σ w``."""
    params = jax.tree.map(np.asarray, params)
    x = np.asarray(images).reshape(len(images), -1)
    logits = x @ params["kernel"] + params["bias"]
    if loss == "softmax":
        p = np.exp(logits) / np.sum(np.exp(logits), axis=1, keepdims=True)
        error = p - np.eye(CLASSES)[labels]
    else:
        error = (1 / (1 + np.exp(-logits)) - labels) / CLASSES
    weights = np.ones(len(x)) if weights is None else np.asarray(weights)
    error = error * weights[:, None] / np.sum(weights)
    return {"kernel": x.T @ error, "bias": np.sum(error, axis=0)}


def linear_batch(seed, size, loss):
    images, labels, weights = batch(seed, size, image=(2, 2, 1))
    if loss == "sigmoid":
        labels = jax.nn.sigmoid(normal(seed, size, CLASSES))
    return images, labels, weights


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_loss_gradient_of_a_linear_model(x64, loss, weighted, chunk_size):
    params, (images, labels, weights) = linear_params(), linear_batch(3, REAL, loss)
    weights = weights if weighted else None
    ours = kernels.loss_gradient(
        linear_fn,
        params,
        images,
        labels,
        loss_fn=LOSSES[loss],
        weights=weights,
        chunk_size=chunk_size,
    )
    assert_close(ours, numpy_gradient(params, images, labels, weights=weights, loss=loss))


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 9])
def test_loss_gradient_in_chunks_is_the_gradient_of_the_whole(x64, chunk_size):
    params, (images, labels, weights) = net_params(), batch(3, REAL)
    chunked = jax.jit(partial(kernels.loss_gradient, net_fn, chunk_size=chunk_size))
    assert_close(
        chunked(params, images, labels, weights=weights),
        whole_gradient(params, images, labels, weights),
    )
    if chunk_size == 2:
        unweighted = whole_gradient(params, images, labels, jnp.ones(REAL))
        assert_close(chunked(params, images, labels), unweighted)


@pytest.mark.parametrize("chunk_size", [None, 3])
def test_rows_of_weight_zero_change_nothing(x64, chunk_size):
    params, (images, labels, weights) = net_params(), batch(3, REAL)
    padded = jnp.concatenate([images, 100 * images[:2]]), jnp.concatenate([labels, labels[:2]])
    ours = jax.jit(partial(kernels.loss_gradient, net_fn, chunk_size=chunk_size))(
        params, *padded, weights=jnp.concatenate([weights, jnp.zeros(2)])
    )
    assert_close(ours, whole_gradient(params, images, labels, weights))


@pytest.mark.parametrize("chunk_size", [None, 1, 2])
def test_a_batch_without_any_weight_has_no_gradient(x64, chunk_size):
    images, labels, _ = linear_batch(3, REAL, "softmax")
    gradient = kernels.loss_gradient(
        linear_fn, linear_params(), images, labels, weights=jnp.zeros(REAL), chunk_size=chunk_size
    )
    assert_close(gradient, jax.tree.map(jnp.zeros_like, linear_params()))


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("loss", LOSSES)
def test_matching_loss_is_the_distance_of_the_two_gradients(x64, loss, name):
    params = linear_params()
    real, syn = linear_batch(3, REAL, loss), linear_batch(13, SYN, loss)
    ours = kernels.matching_loss(
        linear_fn,
        params,
        *real[:2],
        *syn[:2],
        distance=DISTANCES[name],
        loss_fn=LOSSES[loss],
        real_weights=real[2],
        syn_weights=syn[2],
    )
    sides = [
        numpy_gradient(params, x, y, weights=weights, loss=loss) for x, y, weights in (real, syn)
    ]
    assert_close(ours, DISTANCES[name](*sides))


def test_the_defaults_are_cross_entropy_and_the_columnwise_cosine(x64):
    params = linear_params()
    real, syn = linear_batch(3, REAL, "softmax"), linear_batch(13, SYN, "softmax")
    ours = kernels.matching_loss(linear_fn, params, *real[:2], *syn[:2])
    sides = [numpy_gradient(params, x, y, weights=None, loss="softmax") for x, y, _ in (real, syn)]
    assert_close(ours, kernels.columnwise_cosine(*sides))


@pytest.mark.parametrize("name", DISTANCES)
def test_equal_batches_match(x64, name):
    images, labels, _ = linear_batch(3, REAL, "softmax")
    loss = kernels.matching_loss(
        linear_fn, linear_params(), images, labels, images, labels, distance=DISTANCES[name]
    )
    assert 0 <= loss < 1e-4  # what the 1e-6 in the cosines' denominators leaves


def test_equal_batches_match_on_the_net_whatever_pads_them(x64):
    params, (images, labels, weights), syn = net_params(), batch(3, REAL), batch(13, SYN)
    weights = weights.at[SYN:].set(0)
    equal, _ = one_class(
        params, (images, labels, weights), (images[:SYN], labels[:SYN], weights[:SYN])
    )
    different, _ = one_class(params, (images, labels, weights), syn)
    assert 0 <= equal < 1e-3 < 1 < different


def test_no_gradient_flows_into_the_real_side(x64):
    real, syn = linear_batch(3, REAL, "sigmoid"), linear_batch(13, SYN, "sigmoid")

    def loss(real, syn):
        return kernels.matching_loss(
            linear_fn,
            linear_params(),
            *real[:2],
            *syn[:2],
            loss_fn=kernels.sigmoid_cross_entropy,
            real_weights=real[2],
            syn_weights=syn[2],
        )

    by_real, by_syn = jax.jit(jax.grad(loss, argnums=(0, 1)))(real, syn)
    assert not any(leaf.any() for leaf in by_real)
    assert all(leaf.any() for leaf in by_syn)


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_parameters_act_through_the_synthetic_side_only(x64, chunk_size):
    params = linear_params()
    real, syn = linear_batch(3, REAL, "softmax")[:2], linear_batch(13, SYN, "softmax")[:2]
    fixed = kernels.loss_gradient(linear_fn, params, *real)
    ours = jax.grad(
        lambda p: kernels.matching_loss(linear_fn, p, *real, *syn, chunk_size=chunk_size)
    )(params)
    theirs = jax.grad(
        lambda p: kernels.columnwise_cosine(fixed, kernels.loss_gradient(linear_fn, p, *syn))
    )(params)
    assert_close(ours, theirs)
    assert jnp.any(ours["kernel"])


@pytest.mark.parametrize("syn_chunk_size", [1, 2, 9])
def test_synthetic_images_in_chunks_are_those_in_one(x64, syn_chunk_size):
    params, real, syn = net_params(), batch(3, REAL), batch(13, SYN)

    def loss(images):
        sides = (*real[:2], images, syn[1])
        options = {"real_weights": real[2], "syn_weights": syn[2]}
        return kernels.matching_loss(
            net_fn, params, *sides, **options, syn_chunk_size=syn_chunk_size
        )

    assert_close(jax.jit(jax.value_and_grad(loss))(syn[0]), one_class(params, real, syn))


def test_both_sides_are_taken_in_chunks():
    sizes = []

    def apply_fn(params, images):
        sizes.append(len(images))
        return images.reshape(len(images), -1) @ params

    images, labels = jnp.ones((6, 2, 2, 1)), jnp.zeros(6, int)
    jax.eval_shape(
        partial(kernels.matching_loss, apply_fn, chunk_size=2, syn_chunk_size=3),
        *(jnp.ones((4, 2)), images, labels, images[:5], labels[:5]),
    )
    assert set(sizes) == {2, 3}


def test_the_order_inside_a_batch_does_not_matter(x64):
    params, real, syn = net_params(), batch(3, REAL), batch(13, SYN)
    value, pixels = one_class(params, real, syn)
    real_order, syn_order = jnp.array([4, 2, 0, 1, 3]), jnp.array([2, 0, 1])
    moved = [tuple(x[order] for x in b) for b, order in ((real, real_order), (syn, syn_order))]
    moved_value, moved_pixels = one_class(params, *moved)
    assert_close(moved_value, value)
    assert_close(moved_pixels, pixels[syn_order])


def test_rows_of_weight_zero_act_on_neither_loss_nor_pixels(x64):
    params, real, syn = net_params(), batch(3, REAL), batch(13, SYN)
    real, syn = ((*b[:2], b[2].at[-1].set(0)) for b in (real, syn))
    value, pixels = one_class(params, real, syn)
    other = [(b[0].at[-1].mul(-50), (b[1].at[-1].add(1)) % CLASSES, b[2]) for b in (real, syn)]
    assert_close(one_class(params, *other), (value, pixels))
    assert not pixels[-1].any() and pixels[:-1].all(axis=(1, 2, 3)).all()


def test_jit_equals_eager(x64):
    params = linear_params()
    real, syn = linear_batch(3, REAL, "softmax")[:2], linear_batch(13, SYN, "softmax")[:2]
    function = jax.value_and_grad(
        lambda images: kernels.matching_loss(linear_fn, params, *real, images, syn[1])
    )
    assert_close(jax.jit(function)(syn[0]), function(syn[0]))


@pytest.fixture
def classes(x64):
    """``(params, real, syn)`` of eight classes, stacked along a leading axis."""
    stacked = [
        jax.tree.map(lambda *xs: jnp.stack(xs), *[batch(seed + 10 * c, size) for c in range(8)])
        for seed, size in ((3, REAL), (203, SYN))
    ]
    return net_params(), *stacked


def test_vmap_over_classes_equals_a_loop(classes):
    params, real, syn = classes
    values, pixels = all_classes(params, real, syn)
    for c in range(8):
        one = jax.tree.map(lambda x, c=c: x[c], (real, syn))
        assert_close((values[c], pixels[c]), one_class(params, *one))


def test_eight_devices_give_what_one_gives(classes, class_mesh):
    params, real, syn = classes
    by_class = NamedSharding(class_mesh, PartitionSpec("class"))
    everywhere = NamedSharding(class_mesh, PartitionSpec())
    values, pixels = all_classes(
        jax.device_put(params, everywhere),
        jax.device_put(real, by_class),
        jax.device_put(syn, by_class),
    )
    assert len(pixels.devices()) == 8
    assert pixels.sharding.is_equivalent_to(by_class, pixels.ndim)
    assert_close((values, pixels), all_classes(params, real, syn))


def test_multi_label_batches_on_the_net(x64):
    params, (real, _, _), (syn, _, _) = net_params(), batch(3, REAL), batch(13, SYN)
    real_rows = jnp.asarray(np.random.default_rng(0).integers(0, 2, (REAL, CLASSES)), jnp.float64)
    syn_rows = jax.nn.sigmoid(normal(1, SYN, CLASSES))

    def loss(images, rows):
        return kernels.matching_loss(
            net_fn, params, real, real_rows, images, rows, loss_fn=kernels.sigmoid_cross_entropy
        )

    value, (by_images, by_rows) = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(syn, syn_rows)
    assert value > 0
    assert by_images.shape == syn.shape and by_rows.shape == syn_rows.shape
    assert jnp.all(jnp.isfinite(by_images)) and jnp.any(by_images)
    assert jnp.all(jnp.isfinite(by_rows)) and jnp.any(by_rows)


@pytest.mark.parametrize("loss", LOSSES)
def test_derivatives_are_right(x64, loss):
    params = linear_params()
    real, syn = linear_batch(3, REAL, loss), linear_batch(13, SYN, loss)

    def matching(images, rows):
        return kernels.matching_loss(
            linear_fn, params, *real[:2], images, rows, loss_fn=LOSSES[loss]
        )

    if loss == "softmax":
        matching = partial(matching, rows=syn[1])
        syn = syn[:1]
    check_grads(jax.jit(matching), syn[:2], order=2, modes=("rev",))
