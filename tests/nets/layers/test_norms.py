"""Every norm against numpy, and against PyTorch where it is installed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.nets.layers.norms import NORMS, Norm

N, H, W, C = 3, 4, 5, 8
PARAMETER_SHAPES = {"instance": (C,), "group": (C,), "layer": (H, W, C), "batch": (C,)}


def example(seed=0):
    return 1 + 2 * np.random.default_rng(seed).normal(size=(N, H, W, C))


def parameters(kind):
    rng = np.random.default_rng(7)
    shape = PARAMETER_SHAPES[kind]
    return {"scale": rng.normal(size=shape), "bias": rng.normal(size=shape)}


def apply(kind, x, variables, **options):
    return Norm(kind).apply(jax.tree.map(jnp.asarray, variables), jnp.asarray(x), **options)


def numpy_norm(kind, x):
    groups = {
        "instance": x.reshape(N, H, W, C, 1),
        "group": x.reshape(N, H, W, 4, C // 4),
        "layer": x.reshape(N, H, W, 1, C),
        "batch": x.reshape(1, N * H, W, C, 1),
    }[kind]
    mean, var = (f(groups, axis=(1, 2, 4), keepdims=True) for f in (np.mean, np.var))
    params = parameters(kind)
    y = ((groups - mean) / np.sqrt(var + 1e-5)).reshape(x.shape)
    return y * params["scale"] + params["bias"]


@pytest.mark.parametrize("kind", PARAMETER_SHAPES)
def test_equals_numpy(x64, kind):
    x = example()
    ours = apply(kind, x, {"params": parameters(kind)})
    np.testing.assert_allclose(ours, numpy_norm(kind, x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", PARAMETER_SHAPES)
def test_starts_as_scale_one_and_bias_zero(kind):
    params = Norm(kind).init(jax.random.key(0), jnp.ones((N, H, W, C)))["params"]
    assert params.keys() == {"scale", "bias"}
    assert params["scale"].shape == params["bias"].shape == PARAMETER_SHAPES[kind]
    assert jnp.all(params["scale"] == 1) and not params["bias"].any()
    assert params["scale"].dtype == params["bias"].dtype == "float32"


def test_none_passes_through_and_has_no_parameters():
    x = jnp.asarray(example(), jnp.float32)
    assert Norm("none").init(jax.random.key(0), x) == {}
    assert Norm("none").apply({}, x) is x


def test_only_batch_norm_mixes_images(x64):
    x = example()
    for kind in PARAMETER_SHAPES:
        variables = {"params": parameters(kind)}
        alone, together = apply(kind, x[:1], variables)[0], apply(kind, x, variables)[0]
        assert np.allclose(alone, together) == (kind != "batch"), kind


def running(mean, var):
    return {"mean": np.asarray(mean), "var": np.asarray(var)}


def test_batch_norm_keeps_running_moments(x64):
    params, mean, var = parameters("batch"), np.zeros(C), np.ones(C)
    variables = {"params": params, "batch_stats": running(mean, var)}
    for seed in range(3):
        x = example(seed)
        y, variables_ = apply("batch", x, variables, mutable=["batch_stats"])
        variables = {"params": params, **variables_}
        np.testing.assert_allclose(y, numpy_norm("batch", x), rtol=1e-10, atol=1e-12)
        mean = 0.9 * mean + 0.1 * x.mean((0, 1, 2))
        var = 0.9 * var + 0.1 * x.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(variables["batch_stats"]["mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(variables["batch_stats"]["var"], var, rtol=1e-12)
    x = example(5)
    expected = (x - mean) / np.sqrt(var + 1e-5) * params["scale"] + params["bias"]
    np.testing.assert_allclose(apply("batch", x, variables), expected, rtol=1e-10, atol=1e-12)


def test_batch_norm_starts_its_moments_at_zero_and_one():
    variables = Norm("batch").init(jax.random.key(0), jnp.asarray(example(), jnp.float32))
    assert not variables["batch_stats"]["mean"].any()
    assert jnp.all(variables["batch_stats"]["var"] == 1)


def test_batch_norm_without_running_moments_uses_the_batch(x64):
    x = example()
    ours = apply("batch", x, {"params": parameters("batch")})
    np.testing.assert_allclose(ours, numpy_norm("batch", x), rtol=1e-10, atol=1e-12)


def torch_layer(torch, kind):
    return {
        "instance": lambda: torch.nn.InstanceNorm2d(C, affine=True),
        "group": lambda: torch.nn.GroupNorm(4, C),
        "layer": lambda: torch.nn.LayerNorm([C, H, W]),
        "batch": lambda: torch.nn.BatchNorm2d(C),
    }[kind]().double()


@pytest.mark.parametrize("kind", PARAMETER_SHAPES)
def test_equals_torch_in_training_and_in_evaluation(x64, kind):
    torch = pytest.importorskip("torch")
    layer, params = torch_layer(torch, kind), parameters(kind)
    with torch.no_grad():
        for name, value in (("weight", params["scale"]), ("bias", params["bias"])):
            layout = value.transpose(2, 0, 1) if value.ndim == 3 else value
            getattr(layer, name).copy_(torch.from_numpy(layout.copy()))

    def theirs(x):
        with torch.no_grad():
            return layer(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).permute(0, 2, 3, 1)

    variables = {"params": params}
    if kind == "batch":
        variables["batch_stats"] = running(np.zeros(C), np.ones(C))
    for seed in range(2):
        y, updates = apply(kind, example(seed), variables, mutable=["batch_stats"])
        variables |= updates
        np.testing.assert_allclose(y, theirs(example(seed)), rtol=1e-10, atol=1e-12)
    layer.eval()
    if kind == "batch":
        stats = variables["batch_stats"]
        np.testing.assert_allclose(stats["mean"], layer.running_mean, rtol=1e-12)
        np.testing.assert_allclose(stats["var"], layer.running_var, rtol=1e-12)
    ours = apply(kind, example(5), variables)
    np.testing.assert_allclose(ours, theirs(example(5)), rtol=1e-10, atol=1e-12)


def test_an_unknown_norm():
    with pytest.raises(UserError, match="unknown norm 'instnce' \\(did you mean 'instance'\\?\\)"):
        Norm("instnce").init(jax.random.key(0), jnp.ones((1, 2, 2, 4)))
    assert set(NORMS) == {*PARAMETER_SHAPES, "none"}


def test_channels_that_four_groups_cannot_share():
    with pytest.raises(UserError, match="group norm needs channels divisible by 4, got 6"):
        Norm("group").init(jax.random.key(0), jnp.ones((1, 2, 2, 6)))
