"""``synthetic.npz``, the file that a site sends: all that training on a distilled set needs."""

import io
import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from medjax import store
from medjax.data.normalize import to_uint8
from medjax.data.npz.archive import read_arrays
from medjax.data.prepare.zca_whitening import Whitening
from medjax.errors import UserError
from medjax.types import SyntheticSet

_ALWAYS = ("images", "labels", "mean", "std")


class SharedSet(NamedTuple):
    """A distilled data set in pixel units, as the file holds it.

    Attributes:
      images: float32 ``[n, h, w, c]`` in pixel units: 0 is black and 1 is white. They are never
        clipped, so some values lie outside 0–1.
      labels: int32 ``[n]``, or one row per image ``[n, l]``, int32 or (soft labels) float32.
      mean: float32 ``[c]``, the mean pixel of the real training images, in pixel units.
      std: float32 ``[c]``, the standard deviation of the real training images.
      step_size: float32 scalar, the learned learning rate; ``None`` where none is learned.
      zca: the name of the whitening of the images, see ``data.fit_whitening``; ``None`` for none.
      zca_mean: float32 ``[h · w · c]``, the mean of the whitening.
      zca_matrix: float32 ``[h · w · c, h · w · c]``, the matrix of the whitening.
      preparation: the steps applied to the real images, fitted to the training images, as text that
        ``data.parse_preparation`` reads. Images on which networks are scored go through the same
        steps. ``None`` where it is unknown.
      stored: float32 ``[m, h, w, c]``, ``images`` before they were decoded: each holds ``n / m`` of
        them as patches, see ``methods.decode``. ``None`` where each image is stored as it is.
    """

    images: np.ndarray
    labels: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    step_size: np.ndarray | None = None
    zca: np.ndarray | None = None
    zca_mean: np.ndarray | None = None
    zca_matrix: np.ndarray | None = None
    preparation: np.ndarray | None = None
    stored: np.ndarray | None = None

    def normalised(self) -> SyntheticSet:
        """Returns the set normalised as ``(images - mean) / std``.

        With a ``zca``, the flattened images become ``(images - zca_mean) @ zca_matrix``.
        """
        if self.zca is None:
            images = (self.images.astype(np.float64) - self.mean) / self.std
        else:
            flat = self.images.astype(np.float64).reshape(len(self.images), -1)
            images = ((flat - self.zca_mean) @ self.zca_matrix).reshape(self.images.shape)
        return SyntheticSet(jnp.asarray(images.astype(np.float32)), jnp.asarray(self.labels))


def save_synthetic(
    path: str | os.PathLike,
    synthetic: SyntheticSet,
    *,
    mean: Any,
    std: Any,
    step_size: float | None = None,
    whitening: Whitening | None = None,
    preparation: str = "",
    stored: Any = None,
) -> None:
    """Writes ``synthetic.npz``, readable with NumPy alone and without pickle.

    It holds the fields of ``SharedSet`` that are not ``None``, and ``images_uint8``, the images
    rounded and clipped to 0–255. The same arrays give the same bytes. The file is whole or absent.

    Args:
      path: the file; an existing one is replaced.
      synthetic: the distilled set in normalised space; labels int ``[n]`` or rows ``[n, l]``.
      mean: ``[c]``, the mean pixel of the real training images, in pixel units (0–1).
      std: ``[c]``, the standard deviation of the real training images, positive.
      step_size: the learned learning rate, if there is one.
      whitening: the whitening of the images; ``None`` for mean and std.
      preparation: the steps applied to the real images, see ``Dataset.preparation``.
      stored: the images that ``synthetic`` was decoded from, in normalised space; ``None`` if it is
        stored as it is. Not written for whitened images, whose pixels do not decode.

    Raises:
      UserError: if a shape is wrong, a value is not finite, or the file cannot be written.

    Example:
      >>> import tempfile
      >>> synthetic = SyntheticSet(jnp.zeros((2, 4, 4, 1)), jnp.arange(2))
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     save_synthetic(f"{folder}/synthetic.npz", synthetic, mean=[0.5], std=[0.25])
      ...     shared = load_synthetic(f"{folder}/synthetic.npz")
      >>> shared.images.shape, float(shared.images.max()), shared.labels.tolist()
      ((2, 4, 4, 1), 0.5, [0, 1])
    """
    mean, std = np.asarray(mean, np.float32), np.asarray(std, np.float32)
    images, labels = np.asarray(synthetic.images), np.asarray(synthetic.labels)
    extra = {} if step_size is None else {"step_size": np.float32(step_size)}
    if preparation:
        extra |= {"preparation": np.str_(preparation)}
    if whitening is not None:
        images = whitening.unwhiten(images)
        extra |= {"zca": np.str_(whitening.zca)}
        extra |= {"zca_mean": whitening.mean, "zca_matrix": whitening.matrix}
    elif images.ndim == 4 and mean.shape == std.shape == images.shape[-1:]:
        images = images.astype(np.float64) * std + mean
        if stored is not None:
            pixels = np.asarray(stored).astype(np.float64) * std + mean
            extra |= {"stored": pixels.astype(np.float32)}
    soft = np.issubdtype(labels.dtype, np.floating)
    shared = SharedSet(
        images.astype(np.float32),
        labels.astype(np.float32 if soft else np.int32),
        mean,
        std,
        **extra,
    )
    try:
        content = synthetic_bytes(shared)
    except UserError as error:
        raise UserError(f"cannot write {path}: {error}") from error
    store.write_bytes(path, content)


def synthetic_bytes(shared: SharedSet) -> bytes:
    """Makes the content of the ``synthetic.npz`` of a set, see ``save_synthetic``.

    Args:
      shared: the set in pixel units.

    Returns:
      The bytes of the file.

    Raises:
      UserError: if a shape is wrong or a value is not finite.

    Example:
      >>> stats = np.zeros(1, np.float32), np.ones(1, np.float32)
      >>> shared = SharedSet(np.zeros((1, 2, 2, 1), np.float32), np.zeros(1, np.int32), *stats)
      >>> np.load(io.BytesIO(synthetic_bytes(shared)))["images_uint8"].shape
      (1, 2, 2, 1)
    """
    if problem := _problem(shared):
        raise UserError(problem)
    pixels = to_uint8(shared.images)
    content = {"images": shared.images, "images_uint8": pixels, **shared._asdict()}
    return npz_bytes({name: np.asarray(x) for name, x in content.items() if x is not None})


def load_synthetic(path: str | os.PathLike, *, content: bytes | None = None) -> SharedSet:
    """Reads a ``synthetic.npz``.

    Args:
      path: the file.
      content: its bytes, if they lie elsewhere: the path only names them in messages.

    Returns:
      The set in pixel units; ``.normalised()`` equals the saved set to float32 rounding.

    Raises:
      UserError: if the file is missing, damaged, or not a synthetic set.

    Example:
      >>> load_synthetic("no-such-run/synthetic.npz")
      Traceback (most recent call last):
      medjax.errors.UserError: there is no file no-such-run/synthetic.npz
    """
    arrays = read_arrays(pathlib.Path(path), names=SharedSet._fields, content=content)
    if missing := sorted(set(_ALWAYS) - set(arrays)):
        raise UserError(f"{path} is not a synthetic set: it has no {', '.join(missing)}")
    shared = SharedSet(**arrays)
    if problem := _problem(shared):
        raise UserError(f"{path} is not a synthetic set: {problem}")
    return shared


def _problem(shared: SharedSet) -> str | None:
    """Returns what is wrong with a set, or ``None``."""
    images, labels, mean, std = shared[:4]
    channels = images.shape[-1:]
    if images.ndim != 4:
        return f"images must be [n, h, w, c], got {list(images.shape)}"
    if labels.ndim not in (1, 2) or len(labels) != len(images):
        return f"labels must be [n] or [n, l] with n = {len(images)}, got {list(labels.shape)}"
    if not mean.shape == std.shape == channels:
        return f"mean and std must be [{channels[0]}], got {list(mean.shape)}, {list(std.shape)}"
    if shared.zca is not None:
        size = int(np.prod(images.shape[1:]))
        found = [None if x is None else x.shape for x in (shared.zca_mean, shared.zca_matrix)]
        if found != [(size,), (size, size)]:
            return f"zca_mean and zca_matrix must be [{size}] and [{size}, {size}]"
    for name, array in shared._asdict().items():
        if array is None or name in ("zca", "preparation"):
            continue
        if array.dtype not in (np.float32, np.int32):
            return f"{name} must be float32 or int32, got {array.dtype}"
        if not np.isfinite(array).all():
            return f"{name} has values that are not finite"
    if shared.step_size is not None and not shared.step_size > 0:
        return f"step_size must be positive, got {shared.step_size}"
    if not (std > 0).all():
        return f"std must be positive, got {std.tolist()}"
    return None


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Makes an npz archive whose bytes depend on the arrays alone: no clock, platform or zlib.

    Args:
      arrays: the arrays by name.

    Returns:
      The bytes of the file.

    Example:
      >>> npz_bytes({"a": np.zeros(1)}) == npz_bytes({"a": np.zeros(1)})
      True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as stream:
                np.lib.format.write_array(
                    stream, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False
                )
    return buffer.getvalue()
