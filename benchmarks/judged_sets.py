"""Small training sets of different quality, made from the real images of a data set."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from medjax import coreset, data, methods, nets

Set = tuple[np.ndarray, np.ndarray]

_NAMES = (
    *(f"random-{ipc}-{seed}" for ipc in (1, 2, 5, 10) for seed in (0, 1)),
    *(f"noise-10-{percent}" for percent in (10, 20, 30)),
    *(f"blur-10-{width}" for width in (3, 7)),
    *(f"grain-10-{percent}" for percent in (20, 60)),
    *(f"kcenter-{ipc}-0" for ipc in (2, 10)),
    *(f"means-{ipc}-{count}" for ipc, count in ((1, 500), (10, 20))),
    *(f"dm-10-{steps}" for steps in (100, 400)),
    *(f"random-20-{seed}" for seed in (0, 1)),
    "noise-20-20",
    "random-50-0",
    "noise-50-20",
)
"""``kind-ipc-number``; the number is a seed or the strength of the change."""


def names(dataset: data.Dataset, prefixes: list[str]) -> list[str]:
    """Returns the sets that a data set has, of these prefixes."""
    rows = dataset.train.labels.ndim == 2
    known = [name for name in _NAMES if name.startswith(tuple(prefixes))]
    return [name for name in known if not (rows and name.startswith("means"))]


def make(name: str, dataset: data.Dataset) -> Set:
    """Returns images, uint8 or normalised float ``[n, h, w, c]``, and labels of a set."""
    kind, ipc, number = name.split("-")
    return _MAKERS[kind](dataset, int(ipc), int(number))


def _random(dataset: data.Dataset, ipc: int, seed: int) -> Set:
    labels = dataset.train.labels
    rows = coreset.random_subset(jax.random.key(seed), labels, coreset.at_most(labels, ipc))
    return dataset.train.images[rows], labels[rows]


def _noise(dataset: data.Dataset, ipc: int, percent: int) -> Set:
    """Gives some images a wrong class, or the findings of another image."""
    images, labels = _random(dataset, ipc, 2)
    rng, labels = np.random.default_rng(percent), labels.copy()
    rows = rng.permutation(len(labels))[: round(len(labels) * percent / 100)]
    if labels.ndim == 2:
        labels[rows] = dataset.train.labels[rng.integers(len(dataset.train), size=len(rows))]
    else:
        classes = dataset.num_classes
        labels[rows] = (labels[rows] + rng.integers(1, classes, size=len(rows))) % classes
    return images, labels


def _blur(dataset: data.Dataset, ipc: int, width: int) -> Set:
    """Takes the mean of each square of ``width`` pixels."""
    images, labels = _random(dataset, ipc, 2)
    half = width // 2
    padded = np.pad(images.astype(float), ((0, 0), (half, half), (half, half), (0, 0)), "edge")
    squares = np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(1, 2))
    return np.rint(squares.mean((-2, -1))).astype(np.uint8), labels


def _grain(dataset: data.Dataset, ipc: int, percent: int) -> Set:
    """Adds normal noise with this part of the grey values as its standard deviation."""
    images, labels = _random(dataset, ipc, 2)
    grain = np.random.default_rng(percent).normal(scale=2.55 * percent, size=images.shape)
    return np.clip(images + grain, 0, 255).astype(np.uint8), labels


def _k_center(dataset: data.Dataset, ipc: int, _: int) -> Set:
    images, labels = dataset.train.images, dataset.train.labels
    pixels = images.reshape(len(images), -1) / np.float32(255)
    rows = coreset.k_center(pixels, labels, coreset.at_most(labels, ipc))
    return images[rows], labels[rows]


def _means(dataset: data.Dataset, ipc: int, count: int) -> Set:
    """Takes the mean of ``count`` images for each one."""
    images, labels = _random(dataset, ipc * count, 0)
    kept = [
        (images[labels == label][i::ipc].mean(0), label)
        for label in range(dataset.num_classes)
        for i in range(ipc)
    ]
    means, labels = zip(*kept, strict=True)
    return np.rint(np.stack(means)).astype(np.uint8), np.array(labels, np.int32)


def _dm(dataset: data.Dataset, ipc: int, steps: int) -> Set:
    """Distils by DM from noise, as ``quick`` does."""
    return _distilled(dataset.info.name, ipc, steps)


@functools.cache
def _distilled(name: str, ipc: int, steps: int) -> Set:
    dataset = data.load(name)
    net = nets.make("convnet", num_classes=dataset.num_classes, width=32)
    distiller = methods.make(
        "dm",
        net=net,
        ipc=ipc,
        augment=dataset.info.augment,
        init="noise",
        batch_real=64,
        learning_rate=4.0,
    )
    stats = {"mean": dataset.mean, "std": dataset.std}
    real = data.real_data(dataset.train, num_classes=dataset.num_classes, **stats)
    key = jax.random.key(0)
    state, _ = distiller.step(key, distiller.init(key, real), real, steps)
    return jnp.asarray(state.images), np.asarray(state.labels)


_MAKERS = {
    "random": _random,
    "noise": _noise,
    "blur": _blur,
    "grain": _grain,
    "kcenter": _k_center,
    "means": _means,
    "dm": _dm,
}
