"""The ConvNet's outputs against the PyTorch reference."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import nets

CASES = {"convnet_c1_28": 3, "convnet_c3_32": 3, "convnet_c3_64": 4}


def relative_error(ours, theirs):
    ours = np.asarray(ours, np.float64)
    return np.linalg.norm(np.ravel(ours - theirs)) / np.linalg.norm(np.ravel(theirs))


def nhwc(images, dtype):
    return jnp.asarray(images.reshape(-1, *images.shape[-3:]).transpose(0, 2, 3, 1).astype(dtype))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-6), ("float32", 1e-3)])
def test_logits_and_features_equal_the_reference(golden, from_torch, case, dtype, tolerance):
    with jax.enable_x64(dtype == "float64"):
        arrays = golden(case)
        params = jax.tree.map(jnp.asarray, from_torch(arrays, "param/", np.dtype(dtype)))
        classes, width = params["head"]["bias"].size, params["conv_0"]["bias"].size
        net = nets.make("convnet", num_classes=classes, width=width, depth=CASES[case])
        logits, features = jax.jit(
            lambda images: [
                net.apply({"params": params}, images, method=method) for method in (None, "embed")
            ]
        )(nhwc(arrays["real"], dtype))

    assert logits.dtype == features.dtype == dtype
    assert relative_error(logits, arrays["logits"]) < tolerance
    side = round((features.shape[1] / width) ** 0.5)
    theirs = arrays["embed"].reshape(-1, width, side, side).transpose(0, 2, 3, 1)
    assert relative_error(features, theirs.reshape(len(theirs), -1)) < tolerance
