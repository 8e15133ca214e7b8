"""The convolution and its derivatives against XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.test_util import check_grads

from medjax import nets

# images, kernel, padding; from 16 channels on the weight gradient is computed tap by tap.
CASES = {
    "grey": ((2, 6, 6, 1), (3, 3, 1, 4), (1, 1)),
    "colour padded to 32": ((2, 5, 5, 3), (3, 3, 3, 4), (3, 3)),
    "many channels, no padding": ((2, 5, 5, 17), (3, 3, 17, 2), (0, 0)),
    "many channels, padding 3": ((2, 5, 5, 16), (3, 3, 16, 2), (3, 3)),
    "5×5": ((2, 7, 7, 2), (5, 5, 2, 3), (2, 2)),
    # From 8 rows and 16 channels on, by Winograd's filtering of rows.
    "filtered": ((2, 8, 5, 16), (3, 3, 16, 17), (1, 1)),
    "filtered, rows left over": ((1, 9, 6, 17), (3, 3, 17, 16), (1, 1)),
    "filtered, no padding": ((1, 12, 5, 16), (3, 3, 16, 16), (0, 0)),
    "filtered, padding 3": ((1, 7, 5, 16), (3, 3, 16, 16), (3, 3)),
    "filtered, a row of taps more": ((1, 10, 6, 16), (3, 5, 16, 16), (1, 0)),
    "rectangles": ((2, 4, 7, 2), (3, 5, 2, 3), (0, 3)),
    "stride 2, even": ((2, 6, 8, 3), (3, 3, 3, 4), (1, 1), 2),
    "stride 2, odd": ((2, 7, 5, 16), (3, 3, 16, 2), (1, 1), 2),
    "stride 2, 1×1": ((2, 6, 5, 16), (1, 1, 16, 2), (0, 0), 2),
    "stride 3, no padding": ((2, 9, 8, 2), (2, 3, 2, 3), (0, 0), 3),
}


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def xla_conv(images, kernel, padding, *, stride):
    return lax.conv_general_dilated(
        images,
        kernel,
        window_strides=(stride, stride),
        padding=[(p, p) for p in padding],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def value_and_derivatives(conv, padding, stride=1):
    """``(images, kernel) -> (output, gradients, gradients of the gradients)``, compiled."""

    def loss(images, kernel):
        y = conv(images, kernel, padding, stride=stride)
        return jnp.sum(jnp.sin(y)), y

    def gradients(images, kernel):
        (_, y), first = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(images, kernel)
        return sum(jnp.sum(jnp.cos(g)) for g in first), (y, first)

    second = jax.grad(gradients, argnums=(0, 1), has_aux=True)
    return jax.jit(lambda images, kernel: second(images, kernel)[::-1])


@pytest.mark.parametrize("name", CASES)
def test_value_and_two_derivatives_equal_xlas(x64, name):
    image_shape, kernel_shape, *how = CASES[name]
    images, kernel = normal(0, *image_shape), normal(1, *kernel_shape)
    ours, theirs = (
        value_and_derivatives(conv, *how)(images, kernel) for conv in (nets.conv2d, xla_conv)
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10), ours, theirs)


def test_equals_the_sum_written_out(x64):
    images, kernel = np.asarray(normal(0, 2, 4, 5, 2)), np.asarray(normal(1, 3, 2, 2, 3))
    padded = np.pad(images, ((0, 0), (2, 2), (1, 1), (0, 0)))
    expected = np.zeros((2, 6, 6, 3))
    for i, j in np.ndindex(6, 6):
        expected[:, i, j] = np.einsum("nabc,abco->no", padded[:, i : i + 3, j : j + 2], kernel)
    ours = nets.conv2d(jnp.asarray(images), jnp.asarray(kernel), (2, 1))
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("channels", "stride"), [(2, 1), (16, 1), (2, 2)])
def test_derivatives_are_right(x64, channels, stride):
    conv = jax.jit(lambda *args: jnp.sin(nets.conv2d(*args, (1, 0), stride=stride)))
    args = normal(0, 1, 4, 4, channels), 0.1 * normal(1, 3, 3, channels, 2)
    check_grads(conv, args, order=2, modes=("rev",))


@pytest.mark.parametrize(("channels", "stride"), [(3, 1), (16, 1), (16, 2)])
def test_vmap_over_kernels_and_images_equals_a_loop(x64, channels, stride):
    images, kernels = normal(0, 3, 2, 5, 5, channels), normal(1, 3, 3, 3, channels, 2)
    both = value_and_derivatives(nets.conv2d, (1, 1), stride)
    loop = [both(*pair) for pair in zip(images, kernels, strict=True)]
    loop = jax.tree.map(lambda *xs: jnp.stack(xs), *loop)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10),
        jax.vmap(both)(images, kernels),
        loop,
    )
    shared = jax.vmap(lambda k: nets.conv2d(images[0], k, (1, 1)))(kernels)
    for one, kernel in zip(shared, kernels, strict=True):
        np.testing.assert_allclose(one, nets.conv2d(images[0], kernel, (1, 1)), rtol=1e-9)


def test_vmap_over_classes_inside_networks_equals_loops(x64):
    """Several kernels, each on several batches: the two batching rules one in the other."""
    images, kernels = normal(0, 3, 2, 1, 5, 5, 2), normal(1, 3, 3, 3, 2, 2)
    both = value_and_derivatives(nets.conv2d, (1, 1))
    nested = jax.vmap(jax.vmap(both, (0, None)))(images, kernels)
    loop = [both(images[i, j], kernels[i]) for i, j in np.ndindex(3, 2)]
    loop = jax.tree.map(lambda *xs: jnp.stack(xs).reshape(3, 2, *xs[0].shape), *loop)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10), nested, loop)


def test_vmap_never_makes_a_grouped_convolution():
    images, kernels = jnp.ones((3, 2, 5, 5, 2)), jnp.ones((3, 3, 3, 2, 2))

    def gradients(images, kernel):
        return jax.grad(lambda *args: jnp.sum(nets.conv2d(*args, (1, 1)) ** 2), (0, 1))(
            images, kernel
        )

    for axes in ((0, 0), (0, None)):
        kernel = kernels if axes[1] == 0 else kernels[0]
        jaxpr = str(jax.make_jaxpr(jax.vmap(gradients, axes))(images, kernel))
        convolutions = jaxpr.count("conv_general_dilated")  # of two alike JAX may print but one
        assert (convolutions == 0) == (axes[1] == 0)
        assert jaxpr.count("feature_group_count=1") == convolutions


def test_shard_map_over_networks_equals_one_device(x64):
    """Networks on eight devices, images on all: the images' gradient is summed over devices."""
    images, kernels = normal(0, 2, 5, 5, 2), normal(1, 8, 3, 3, 2, 3)

    def gradients(images, kernels):
        def loss(images, kernels):
            return jnp.sum(lax.map(lambda k: jnp.sum(nets.conv2d(images, k, (1, 1)) ** 3), kernels))

        return jax.grad(loss, (0, 1))(images, kernels)

    mesh = jax.make_mesh((8,), ("net",), axis_types=(jax.sharding.AxisType.Auto,))
    specs = jax.P(), jax.P("net")
    sharded = jax.jit(jax.shard_map(gradients, mesh=mesh, in_specs=specs, out_specs=specs))
    for ours, wanted in zip(sharded(images, kernels), gradients(images, kernels), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-9)


@pytest.mark.parametrize("channels", [3, 16])
def test_bfloat16_images_meet_a_float32_kernel(channels):
    """Activations in bfloat16, the kernel's gradient summed in float32, nothing far off."""
    images = normal(0, 2, 6, 6, channels).astype(jnp.float32)
    kernel = normal(1, 3, 3, channels, 4).astype(jnp.float32)

    def loss(images, kernel):
        return jnp.sum(jnp.sin(nets.conv2d(images, kernel, (1, 1)).astype(jnp.float32) / 10))

    small = images.astype(jnp.bfloat16)
    assert nets.conv2d(small, kernel, (1, 1)).dtype == jnp.bfloat16
    rounded, exact = (jax.grad(loss, (0, 1))(x, kernel) for x in (small, images))
    assert [g.dtype for g in rounded] == [jnp.bfloat16, jnp.float32]
    for got, wanted in zip(rounded, exact, strict=True):
        assert jnp.linalg.norm(got.astype(jnp.float32) - wanted) < 0.02 * jnp.linalg.norm(wanted)


@pytest.mark.parametrize("channels", [3, 16])
def test_the_weight_gradient_is_a_matrix_product(channels):
    images, kernel = jnp.ones((2, 5, 5, channels)), jnp.ones((3, 3, channels, 2))

    def weight_gradient(cotangent):
        return jax.vjp(lambda k: nets.conv2d(images, k, (1, 1)), kernel)[1](cotangent)[0]

    program = jax.jit(weight_gradient).lower(jnp.ones((2, 5, 5, 2))).compile().as_text()
    assert "convolution(" not in program and "dot" in program


def test_only_programs_for_a_cpu_filter():
    """The choice is made where a program is lowered, whatever the backend of this process."""
    images, kernel = normal(0, 1, 8, 5, 16), normal(1, 3, 3, 16, 16)

    def gradients(images, kernel):
        def loss(*arrays):
            return jnp.sum(jnp.sin(nets.conv2d(*arrays, (1, 1))))

        return jax.grad(loss, argnums=(0, 1))(images, kernel)

    traced = jax.jit(gradients).trace(images, kernel)
    count = {
        platform: traced.lower(lowering_platforms=(platform,)).as_text().count("stablehlo.conv")
        for platform in ("cpu", "cuda", "tpu")
    }
    assert count["cpu"] > count["cuda"] == count["tpu"]


def test_float32_stays_float32():
    y, first = jax.vjp(
        lambda k: nets.conv2d(jnp.ones((1, 4, 4, 2)), k, (1, 1)), jnp.ones((3, 3, 2, 2))
    )
    assert y.dtype == first(y)[0].dtype == "float32"
