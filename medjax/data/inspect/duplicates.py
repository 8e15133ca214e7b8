"""Finds duplicate images: exact ones by their bytes, near ones by a perceptual hash."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.fft
from PIL import Image

from medjax.data.prepare.channels import Grayscale

_SIDE = 16  # frequencies; the 64 bits usual for photographs do not distinguish X-rays
HASH_BITS = _SIDE**2
"""Bits in a perceptual hash."""
_CHUNK = 512
_DIGEST_BYTES = 16


class Place(NamedTuple):
    """The position of an image: its split (``train``, ``val`` or ``test``) and its row in it."""

    split: str
    row: int


class Pair(NamedTuple):
    """Two similar images, and the number of bits (of ``HASH_BITS``) that differ in their hashes."""

    one: Place
    other: Place
    distance: int


_Splits = Mapping[str, Sequence[np.ndarray]]


def digests(images: Sequence[np.ndarray]) -> np.ndarray:
    """Returns a digest of the shape, dtype and pixels of each image, bytes ``[n]``.

    Example:
      >>> one, other = digests([np.zeros((4, 4)), np.zeros((4, 4))])
      >>> bool(one == other)
      True
    """
    return np.array([_digest(image) for image in images], f"S{2 * _DIGEST_BYTES}")


def equal_groups(digests: Mapping[str, np.ndarray]) -> list[list[Place]]:
    """Returns the places of each digest that occurs more than once, ordered by the first place.

    Args:
      digests: digests ``[n]`` by split, from ``digests``.

    Example:
      >>> equal_groups({"train": np.array([b"a", b"b"]), "test": np.array([b"b"])})
      [[Place(split='train', row=1), Place(split='test', row=0)]]
    """
    if not digests:
        return []
    names = np.repeat(list(digests), [len(column) for column in digests.values()])
    rows = np.concatenate([np.arange(len(column)) for column in digests.values()])
    every = np.concatenate(list(digests.values()))
    _, which, counts = np.unique(every, return_inverse=True, return_counts=True)
    groups: dict[int, list[Place]] = {}
    for at in np.flatnonzero(counts[which] > 1):
        groups.setdefault(int(which[at]), []).append(Place(str(names[at]), int(rows[at])))
    return list(groups.values())


def near_pairs(splits: _Splits, *, distance: int) -> list[Pair]:
    """Finds images that look alike, such as scaled, compressed or brightened copies.

    The hash has a bit for each of the 16×16 lowest frequencies of the discrete cosine transform of
    64×64 grey pixels: whether it is above their median (Zauner, "Implementation and Benchmarking of
    Perceptual Image Hash Functions", 2010, with 8×8). Every image is compared with every other.

    Args:
      splits: images ``[h, w]`` or ``[h, w, c]`` with one or three channels, by split.
      distance: the most bits, of 256, in which two hashes may differ.

    Returns:
      The pairs, nearest first, without pairs of identical images.

    Example:
      >>> image = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
      >>> (pair,) = near_pairs({"train": [image, image[::-1]], "test": [image // 2]}, distance=8)
      >>> pair.one, pair.other
      (Place(split='train', row=0), Place(split='test', row=0))
    """
    places = [Place(split, row) for split, images in splits.items() for row in range(len(images))]
    every = [image for images in splits.values() for image in images]
    if not every:
        return []
    hashes = np.concatenate([_hashes(every[i : i + _CHUNK]) for i in range(0, len(every), _CHUNK)])
    exact = digests(every)
    pairs = []
    for start in range(0, len(every), _CHUNK):
        rows, columns = hashes[start : start + _CHUNK, None], hashes[None, start:]
        bits = sum(
            np.bitwise_count(rows[..., word] ^ columns[..., word]).astype(np.uint16)
            for word in range(hashes.shape[-1])
        )
        for one, other in zip(*np.nonzero(np.triu(bits <= distance, k=1)), strict=True):
            if exact[start + one] != exact[start + other]:
                ends = places[start + one], places[start + other]
                pairs.append(Pair(*ends, int(bits[one, other])))
    return sorted(pairs, key=lambda pair: pair.distance)


def _digest(image: np.ndarray) -> bytes:
    """Returns a digest of shape, dtype and pixels, in hex, which has no trailing zeros to lose."""
    image = np.ascontiguousarray(image)
    digest = hashlib.blake2b(f"{image.shape}{image.dtype.str}".encode(), digest_size=_DIGEST_BYTES)
    digest.update(image.tobytes())
    return digest.hexdigest().encode()


def _hashes(images: Sequence[np.ndarray]) -> np.ndarray:
    """Returns perceptual hashes, uint64 ``[n, HASH_BITS / 64]``."""
    planes = []
    for image in images:
        image = np.asarray(image, np.float32)
        grey = image if image.ndim == 2 else Grayscale()(image)[..., 0]
        side = (4 * _SIDE, 4 * _SIDE)
        planes.append(np.asarray(Image.fromarray(grey).resize(side, Image.Resampling.BICUBIC)))
    frequencies = scipy.fft.dctn(np.stack(planes), axes=(1, 2), norm="ortho")
    low = frequencies[:, :_SIDE, :_SIDE].reshape(len(images), -1)
    # The lowest frequency is the brightness, which is excluded from the median.
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64)
