"""Applies a preparation, or a whitening, to every split of a data set."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from medjax.data.dataset import Dataset, DatasetInfo, Split, make_dataset
from medjax.data.prepare.preparation import Normalize, Preparation
from medjax.data.prepare.resizing import Resize
from medjax.data.prepare.zca_whitening import Whitening, fit_whitening
from medjax.data.room import check_memory
from medjax.errors import UserError


def apply_preparation(
    info: DatasetInfo, splits: Mapping[str, Split], *, preparation: Preparation
) -> Dataset:
    """Makes a data set of decoded images.

    Args:
      info: task, class names and provenance.
      splits: ``"train"``, ``"test"`` and perhaps ``"val"``, with images in a form that
        ``Preparation.apply`` accepts.
      preparation: the steps; they are fitted to the training split only.

    Returns:
      The data set, with uint8 images. Its ``mean`` and ``std`` are those of the training split, or
      those of ``normalize(fixed)``. ``whiten`` does the whitening.

    Raises:
      UserError: for the same reasons as ``Preparation.apply``, or if there are steps and images
        stream from disk.

    Example:
      >>> from medjax import data
      >>> ds = data.load("phantom")
      >>> splits = {"train": ds.train, "test": ds.test}
      >>> steps = data.parse_preparation("resize(16)|rgb")
      >>> apply_preparation(ds.info, splits, preparation=steps).train.images.shape
      (2000, 16, 16, 3)
    """
    streamed = any(isinstance(split.images, np.memmap) for split in splits.values())
    if preparation.steps and streamed:
        names = ", ".join(step.name for step in preparation.steps)
        raise UserError(f"{names} needs images in memory; raise data.stream_above_gib")
    if sides := [step.size for step in preparation.steps if isinstance(step, Resize)]:
        channels = np.shape(splits["train"].images[0])[2:]
        check_memory(sum(map(len, splits.values())), (max(sides), max(sides), *channels))
    fitted = preparation.fit(splits["train"].images)
    done = {}
    for name, split in splits.items():
        try:
            done[name] = Split(fitted.apply(split.images), split.labels)
        except UserError as error:
            raise UserError(f"{info.name}: {name}: {error}") from error
    dataset = dataclasses.replace(make_dataset(info, done), preparation=fitted)
    last, channels = fitted.last, dataset.mean.size
    if isinstance(last, Normalize) and last.mode == "fixed":
        if len(last.mean) not in (1, channels):
            raise UserError(f"normalize has {len(last.mean)} means, the images {channels} channels")
        mean, std = (np.resize(np.float32(x), channels) for x in (last.mean, last.std))
        dataset = dataclasses.replace(dataset, mean=mean, std=std)
    return dataset


def whiten(dataset: Dataset, *, zca: str) -> tuple[Dataset, Whitening | None]:
    """Whitens every split of a data set with statistics of its training split.

    Args:
      dataset: uint8 splits.
      zca: one of ``data.ZCA``; ``none`` returns the data set as is.

    Returns:
      ``(dataset, whitening)``: float32 images with ``mean`` 0 and ``std`` 1, and the fitted map,
      which is None for ``none``.

    Raises:
      UserError: as ``fit_whitening``, or for images that stream from disk.

    Example:
      >>> from medjax import data
      >>> whitened, fitted = whiten(data.load("phantom"), zca="none")
      >>> fitted is None
      True
    """
    if zca == "none":
        return dataset, None
    if any(isinstance(split.images, np.memmap) for split in dataset.splits.values()):
        raise UserError("zca needs images in memory; raise data.stream_above_gib")
    fitted = fit_whitening(dataset.train.images, zca=zca)
    found = dataset.splits.items()
    splits = {name: Split(fitted.whiten(split.images), split.labels) for name, split in found}
    mean, std = np.zeros_like(dataset.mean), np.ones_like(dataset.std)
    return dataclasses.replace(dataset, **splits, mean=mean, std=std), fitted
