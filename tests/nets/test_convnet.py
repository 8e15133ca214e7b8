"""The ConvNet: shapes, parameter counts, initialisation, activations and poolings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import nets
from medjax.errors import UserError

# height, width, channels, classes, options -> features, parameters
SHAPES = {
    "grey 28": ((28, 28, 1), 9, {}, 2048, 315_657),
    "colour 32": ((32, 32, 3), 9, {}, 2048, 317_961),
    "colour 32, ten classes": ((32, 32, 3), 10, {}, 2048, 320_010),
    "colour 28": ((28, 28, 3), 9, {}, 2048, 317_961),
    "grey 64, depth 4": ((64, 64, 1), 2, {"depth": 4}, 2048, 449_154),
    "grey 64": ((64, 64, 1), 2, {}, 2048, 449_154),
    "grey 128": ((128, 128, 1), 2, {}, 2048, 596_994),
    "grey 224": ((224, 224, 1), 2, {}, 1152, 743_042),
    "224": ((224, 224, 3), 2, {"width": 8, "depth": 5}, 392, 3_426),
    "one padded side": ((28, 20, 1), 2, {"width": 4}, 4 * 2 * 4, 426),
    "odd": ((33, 20, 1), 3, {"width": 4}, 4 * 2 * 4, 459),
    "small": ((8, 9, 1), 3, {"width": 4}, 4, 375),
    "no pooling": ((9, 7, 1), 2, {"width": 4, "pooling": "none"}, 252, 866),
    "no norm": ((16, 16, 1), 2, {"width": 4, "norm": "none"}, 16, 370),
    "layer norm": ((16, 16, 1), 2, {"width": 4, "norm": "layer", "depth": 1}, 256, 2_602),
}


def shapes_of(image_shape, classes, options, *, n=5):
    """``(params, logits, features)`` by shape alone."""
    net = nets.make("convnet", num_classes=classes, **options)
    images = jnp.zeros((n, *image_shape), jnp.float32)

    def run(key):
        params = net.init(key, images)["params"]
        features = net.apply({"params": params}, images, method="embed")
        return params, net.apply({"params": params}, images), features

    return jax.eval_shape(run, jax.random.key(0))


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_and_parameter_counts(name):
    image_shape, classes, options, num_features, count = SHAPES[name]
    params, logits, features = shapes_of(image_shape, classes, options)
    assert logits.shape == (5, classes) and features.shape == (5, num_features)
    assert params["head"]["kernel"].shape == (num_features, classes)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == count
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}


@pytest.mark.parametrize(("side", "depth"), [(8, 3), (32, 3), (64, 4), (128, 5), (224, 6)])
def test_the_depth_grows_with_the_images_unless_it_is_given(side, depth):
    def blocks(shape, **options):
        params, _, _ = shapes_of(shape, 2, {"width": 4, **options}, n=1)
        return sum(name.startswith("conv_") for name in params)

    assert blocks((side, side, 1)) == blocks((2 * side, side, 1)) == depth
    assert blocks((side, side, 1), depth=2) == 2


def test_parameter_names():
    params, _, _ = shapes_of((16, 16, 1), 2, {"width": 4, "depth": 2})
    names = {layer: set(values) for layer, values in params.items()}
    kernel, scale = {"kernel", "bias"}, {"scale", "bias"}
    blocks = {"conv_0": kernel, "norm_0": scale, "conv_1": kernel, "norm_1": scale}
    assert names == blocks | {"head": kernel}
    assert params["conv_0"]["kernel"].shape == (3, 3, 1, 4)
    assert params["conv_1"]["kernel"].shape == (3, 3, 4, 4)


@pytest.mark.parametrize(
    ("image_shape", "depth", "most"), [((4, 4, 1), 3, 2), ((40, 7, 3), 3, 2), ((1, 8, 1), 1, 0)]
)
def test_an_image_too_small_for_the_depth(image_shape, depth, most):
    size = f"{image_shape[0]}×{image_shape[1]}"
    message = f"depth {depth} pools {size} images away; the depth can be at most {most}"
    with pytest.raises(UserError, match=message):
        shapes_of(image_shape, 2, {"width": 4, "depth": depth})
    if most:
        shapes_of(image_shape, 2, {"width": 4, "depth": most})


@pytest.mark.parametrize(
    ("option", "value"), [("norm", "inst"), ("activation", "tanh"), ("pooling", "mean")]
)
def test_an_option_that_does_not_exist(option, value):
    net = nets.ConvNet(num_classes=2, **{option: value})
    with pytest.raises(UserError, match=f"unknown {option} '{value}'.*; choose from: "):
        jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, 8, 8, 1)))


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "leakyrelu": lambda x: np.where(x > 0, x, 0.01 * x),
    "swish": lambda x: x / (1 + np.exp(-x)),
}


def numpy_pool(x, kind):
    if kind == "none":
        return x
    n, h, w, c = x.shape
    x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    return x.mean((2, 4)) if kind == "avg" else x.max((2, 4))


def block(activation, pooling):
    """``(net, params, images, features of the one block by numpy)``: an odd image, no norm."""
    options = {"norm": "none", "activation": activation, "pooling": pooling}
    net = nets.make("convnet", num_classes=2, width=3, depth=1, **options)
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 5, 7, 2))
    conv = {"kernel": rng.normal(size=(3, 3, 2, 3)), "bias": rng.normal(size=3)}
    convolved = np.asarray(nets.conv2d(*map(jnp.asarray, (images, conv["kernel"])), (1, 1)))
    features = numpy_pool(ACTIVATIONS[activation](convolved + conv["bias"]), pooling)
    features = features.reshape(2, -1)
    head = {"kernel": rng.normal(size=(features.shape[1], 2)), "bias": rng.normal(size=2)}
    return net, {"conv_0": conv, "head": head}, images, features


@pytest.mark.parametrize(
    ("activation", "pooling"),
    [*((activation, "avg") for activation in ACTIVATIONS), ("swish", "max"), ("swish", "none")],
)
def test_activations_poolings_and_head_equal_numpy(x64, activation, pooling):
    net, params, images, features = block(activation, pooling)
    variables = {"params": jax.tree.map(jnp.asarray, params)}
    ours = net.apply(variables, jnp.asarray(images), method="embed")
    np.testing.assert_allclose(ours, features, rtol=1e-10, atol=1e-12)
    logits = net.apply(variables, jnp.asarray(images))
    expected = features @ params["head"]["kernel"] + params["head"]["bias"]
    np.testing.assert_allclose(logits, expected, rtol=1e-10, atol=1e-12)


def test_28_pixels_are_padded_to_32_and_nothing_else_is(x64):
    net = nets.make("convnet", num_classes=2, width=2, depth=1, norm="none", pooling="none")
    for size, padded in ((28, 32), (27, 27), (32, 32)):
        features = jax.eval_shape(
            lambda x: net.init_with_output(jax.random.key(0), x, method="embed")[0],
            jnp.zeros((1, size, size, 1), jnp.float32),
        )
        assert features.shape == (1, padded * padded * 2), size
    rng = np.random.default_rng(0)
    image = jnp.asarray(rng.normal(size=(1, 28, 28, 1)))
    conv = {"kernel": jnp.asarray(rng.normal(size=(3, 3, 1, 2))), "bias": jnp.zeros(2)}
    features = net.apply({"params": {"conv_0": conv}}, image, method="embed")
    framed = jnp.pad(image, [(0, 0), (2, 2), (2, 2), (0, 0)])
    expected = jax.nn.relu(nets.conv2d(framed, conv["kernel"], (1, 1))).reshape(1, -1)
    np.testing.assert_allclose(features, expected, rtol=1e-12)


def test_only_the_first_convolution_pads_to_32():
    # 56 pixels are 28 after the first pooling.
    _, _, features = shapes_of((56, 56, 1), 2, {"width": 4, "depth": 2})
    assert features.shape == (5, 14 * 14 * 4)


def test_starts_as_torchs_default():
    net = nets.make("convnet", num_classes=50, width=64, depth=3)
    params = jax.jit(net.init)(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))["params"]
    for name, fan_in in {"conv_0": 27, "conv_1": 576, "conv_2": 576, "head": 64}.items():
        bound = 1 / np.sqrt(fan_in)
        for part, slack in (("kernel", 0.06), ("bias", 0.4)):
            values = params[name][part]
            assert (1 - slack / 2) * bound < jnp.max(jnp.abs(values)) <= bound, (name, part)
            np.testing.assert_allclose(
                jnp.var(values), bound**2 / 3, rtol=slack, err_msg=f"{name} {part}"
            )
    for name in ("norm_0", "norm_1", "norm_2"):
        assert jnp.all(params[name]["scale"] == 1) and not params[name]["bias"].any()
    assert not jnp.any(params["conv_1"]["kernel"] == params["conv_2"]["kernel"])


def test_vmap_over_networks_equals_a_loop(x64):
    net = nets.make("convnet", num_classes=2, width=4, depth=2)
    shapes, _, _ = shapes_of((8, 8, 1), 2, {"width": 4, "depth": 2})
    rng = np.random.default_rng(0)
    stacked = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=(3, *leaf.shape))), shapes)
    images = jnp.asarray(rng.normal(size=(5, 8, 8, 1)))

    @jax.jit
    def together_and_apart(stacked):
        apply = lambda params: net.apply({"params": params}, images)  # noqa: E731
        return jax.vmap(apply)(stacked), jax.lax.map(apply, stacked)

    together, apart = together_and_apart(stacked)
    assert together.shape == (3, 5, 2)
    np.testing.assert_allclose(together, apart, rtol=1e-9)


def test_batch_norm_trains_and_evaluates():
    net = nets.make("convnet", num_classes=2, width=4, depth=1, norm="batch")
    images = jnp.asarray(np.random.default_rng(0).normal(size=(6, 8, 8, 1)), jnp.float32)
    variables = net.init(jax.random.key(0), images)
    assert variables["batch_stats"].keys() == {"norm_0"}
    logits, updates = net.apply(variables, images, mutable=["batch_stats"])
    trained = variables | updates
    assert jnp.any(trained["batch_stats"]["norm_0"]["mean"])
    batch_moments = net.apply({"params": variables["params"]}, images)
    np.testing.assert_allclose(batch_moments, logits, rtol=1e-5)
    alone, together = net.apply(trained, images[:1]), net.apply(trained, images)
    np.testing.assert_allclose(alone[0], together[0], rtol=1e-4, atol=1e-5)
    assert not np.allclose(together, logits, rtol=1e-2)


@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
def test_precision_changes_the_products_not_the_parameters(precision):
    """bfloat16 has 8 bits of mantissa: gradients of gradients are off by up to 0.07."""
    images = jax.random.normal(jax.random.key(1), (4, 16, 16, 3))
    exact, other = (
        nets.make("convnet", num_classes=3, width=16, depth=2, precision=name)
        for name in ("float32", precision)
    )
    params = exact.init(jax.random.key(0), images)["params"]
    jax.tree.map(
        np.testing.assert_array_equal, params, other.init(jax.random.key(0), images)["params"]
    )

    def everything(net):
        def loss(params, images):
            return jnp.mean(jnp.square(net.apply({"params": params}, images)))

        def length(images):
            gradients = jax.tree.leaves(jax.grad(loss)(params, images))
            return sum(jnp.sum(jnp.square(g)) for g in gradients)

        features = net.apply({"params": params}, images, method="embed")
        return features, jax.grad(loss)(params, images), jax.grad(length)(images)

    computed = (jax.jit(everything, static_argnums=0)(net) for net in (exact, other))
    for wanted, got in zip(*map(jax.tree.leaves, computed), strict=True):
        assert got.dtype == wanted.dtype == jnp.float32
        if wanted.ndim > 1:  # a bias before an instance norm has no gradient but rounding
            assert jnp.linalg.norm(got - wanted) < 0.1 * jnp.linalg.norm(wanted)
