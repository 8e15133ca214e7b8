"""A set in the layout of MedMNIST's files."""

import numpy as np

from medjax import data
from medjax.share.bundle.imagefolder import class_of_each

_SPLITS = ("train", "val", "test")


def content(images: np.ndarray, labels: np.ndarray, *, multi_label: bool) -> bytes:
    """Returns an npz of the layout of MedMNIST, whose val and test have no images.

    Args:
      images: float ``[n, h, w, c]`` in pixel units; they are rounded to 8 bits.
      labels: int ``[n]``, or rows ``[n, L]``. Rows of probabilities become their most probable
        class, and learned rows of a multi-label set are rounded, because labels are whole numbers
        there.
      multi_label: whether an image may have several classes.

    Returns:
      The content of the file.

    Example:
      >>> import io
      >>> made = content(np.zeros((2, 4, 4, 1)), np.array([0, 1]), multi_label=False)
      >>> with np.load(io.BytesIO(made)) as file:
      ...     [(name, file[name].shape) for name in ("train_images", "test_images", "test_labels")]
      [('train_images', (2, 4, 4)), ('test_images', (0, 4, 4)), ('test_labels', (0, 1))]
    """
    pixels = data.to_uint8(images)
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    labels = labels if multi_label else class_of_each(labels)
    rows = np.rint(labels.reshape(len(labels), -1)).astype(np.uint16)
    rows = rows.astype(np.uint8) if rows.max(initial=0) < 256 else rows
    counts = {name: len(rows) if name == "train" else 0 for name in _SPLITS}
    return data.npz_bytes(
        {f"{name}_images": pixels[:count] for name, count in counts.items()}
        | {f"{name}_labels": rows[:count] for name, count in counts.items()}
    )
