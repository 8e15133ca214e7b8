"""Sets that ``torch.save`` wrote: dicts, lists and tuples of tensors."""

import pathlib
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.data.damaged import PARSER_ERRORS
from medjax.errors import UserError

_SAVE = "np.savez('synthetic.npz', images=images.numpy(), labels=labels.numpy())"


def read(path: pathlib.Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Reads the tensors of a file by name, with ``torch.load(weights_only=True)``.

    Args:
      path: a file with a dict of tensors; with images and their labels as a list or tuple; or with
        a list of such sets, of which the first is read. Lists of tensors are joined.

    Returns:
      ``(arrays, notes)``: those of a list are named ``images`` and ``labels``; and sentences about
      what was chosen.

    Raises:
      UserError: if torch is not installed or refuses the file.
    """
    content = _load(path)
    sets = _sets(content)
    if not sets and isinstance(content, Mapping):
        inner = [found for value in content.values() if (found := _sets(value))]
        if inner and not any(array.ndim > 2 for array in _by_name(content).values()):
            sets = inner[0]
    if not sets:
        return (_by_name(content) if isinstance(content, Mapping) else {}), []
    notes = [f"the first of its {len(sets)} sets is read"] if len(sets) > 1 else []
    return dict(zip(("images", "labels"), sets[0], strict=True)), notes


def _load(path: pathlib.Path) -> Any:
    try:
        import torch  # heavy, and not a dependency
    except ImportError as error:
        raise UserError(
            f"{path} is a file of torch, which is not installed: pip install torch, or save an "
            f"npz where it is, by {_SAVE}"
        ) from error
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, pickle.UnpicklingError, *PARSER_ERRORS) as error:
        raise UserError(
            f"cannot read {path}: it is damaged, or holds more than tensors, lists and dicts; save "
            f"an npz, by {_SAVE}"
        ) from error


def _sets(content: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns the pairs of images and labels in a list, or the pair that it is."""
    if not isinstance(content, Sequence) or isinstance(content, str):
        return []
    if len(content) == 2:
        images, labels = map(_array, content)
        if images is not None and labels is not None and images.ndim > 2 >= labels.ndim:
            return [(images, labels)]
    pairs = [_sets(item) for item in content]
    return [pair for (pair,) in pairs] if pairs and all(len(x) == 1 for x in pairs) else []


def _by_name(content: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    arrays = {str(name): _array(value) for name, value in content.items()}
    return {name: array for name, array in arrays.items() if array is not None}


def _array(value: Any) -> np.ndarray | None:
    """Returns a tensor, a number or a list of them as an array; None for anything else."""
    if hasattr(value, "detach"):
        tensor = value.detach().cpu()
        return (tensor.float() if tensor.is_floating_point() else tensor).numpy()
    if isinstance(value, bool | int | float):
        return np.array(value)
    if not isinstance(value, list | tuple) or not value:
        return None
    parts = [_array(item) for item in value]
    if any(part is None for part in parts):
        return None
    shapes = {part.shape for part in parts}
    if len(shapes) == 1 and parts[0].ndim != 4:
        return np.stack(parts)
    same = len({shape[1:] for shape in shapes}) == 1 and parts[0].ndim
    return np.concatenate(parts) if same else None  # a tensor for each class
