"""The parameters of a ConvNet of the PyTorch reference in the layout of medjax."""

from typing import Any

import numpy as np


def convnet_params(arrays: dict[str, np.ndarray], prefix: str, dtype: Any) -> dict[str, Any]:
    """Returns the parameters whose names start with ``prefix``, as NumPy arrays.

    Convolutions go from OIHW to HWIO, and the head from ``(out, C·H·W)`` to ``(H·W·C, out)``.
    """
    names = [name for name in arrays if name.startswith((f"{prefix}features", f"{prefix}class"))]
    tensors = {name.removeprefix(prefix): arrays[name].astype(dtype) for name in names}
    params: dict[str, Any] = {}
    block = 0
    while f"features.{4 * block}.weight" in tensors:
        conv, norm = f"features.{4 * block}", f"features.{4 * block + 1}"
        kernel = tensors[f"{conv}.weight"].transpose(2, 3, 1, 0)
        params[f"conv_{block}"] = {"kernel": kernel, "bias": tensors[f"{conv}.bias"]}
        scale, bias = tensors[f"{norm}.weight"], tensors[f"{norm}.bias"]
        params[f"norm_{block}"] = {"scale": scale, "bias": bias}
        block += 1
    weight, width = tensors["classifier.weight"], params["conv_0"]["bias"].size
    side = round((weight.shape[1] / width) ** 0.5)
    kernel = weight.reshape(-1, width, side, side).transpose(2, 3, 1, 0).reshape(-1, len(weight))
    params["head"] = {"kernel": kernel, "bias": tensors["classifier.bias"]}
    return params
