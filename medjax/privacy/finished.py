"""The finished run that is audited: its settings, its images and its data set."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import numpy as np

from medjax import data, nets
from medjax.errors import UserError
from medjax.run import datasets
from medjax.run.config.old import upgraded
from medjax.run.settings import Settings
from medjax.run.summary import read_summary
from medjax.types import Array


class Finished(NamedTuple):
    """A finished run.

    Attributes:
      workdir: its folder.
      summary: the content of its ``summary.json``.
      settings: its settings.
      dataset: its data set, not whitened.
      released: the images that it made.
      digest: SHA-256 (hex) of the file that holds them.
    """

    workdir: Path
    summary: Mapping[str, Any]
    settings: Settings
    dataset: data.Dataset
    released: data.SharedSet
    digest: str

    @property
    def iterations(self) -> int:
        """The iterations that made the released images, at least 1."""
        return max(int(self.summary.get("selected_step") or 0), 1)

    def net(self) -> nn.Module:
        """Returns the network that the run matched."""
        options = {"precision": self.settings.precision, **self.settings.net.options}
        return nets.make(self.settings.net.name, num_classes=self.dataset.num_classes, **options)


def read(workdir: Path) -> Finished:
    """Reads a finished run and its data set.

    Args:
      workdir: the folder of the run.

    Returns:
      The run.

    Raises:
      UserError: if the folder holds no finished run, or several, or if its data is not there or has
        changed.

    Example:
      >>> read(Path("nowhere"))
      Traceback (most recent call last):
      medjax.errors.UserError: nowhere holds no finished run: it has no readable summary.json
    """
    summary = read_summary(workdir / "summary.json")
    if summary is None:
        raise UserError(f"{workdir} holds no finished run: it has no readable summary.json")
    if "seed_runs" in summary:
        raise UserError(
            f"{workdir} holds the runs of several seeds; name one of them, as in "
            f"--workdir={workdir / summary['seed_runs'][0]}"
        )
    settings = Settings.from_config(upgraded(summary["config"]))
    path = workdir / "synthetic.npz"
    released = data.load_synthetic(path)
    dataset, _ = datasets.load_dataset(settings.data)
    before, now = (summary.get("data") or {}).get("digest"), dataset.info.digest
    if before not in (None, now):
        raise UserError(
            f"the data has changed since the run: its digest was {before} and is {now} now; an "
            "audit needs the images that the run distilled"
        )
    if released.images.shape[1:] != dataset.train.images.shape[1:]:
        raise UserError(f"the images in {path} have another shape than those of the data set")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Finished(workdir, summary, settings, dataset, released, digest)


def as_inputs(shared: data.SharedSet, images: Array) -> np.ndarray:
    """Returns images as the networks of a run receive them, normalised or whitened.

    Args:
      shared: the set whose mean, standard deviation and whitening are used.
      images: uint8 ``[n, h, w, c]`` (0–255) or float in pixel units.

    Returns:
      float32 ``[n, h, w, c]``.

    Example:
      >>> one = np.ones(1, np.float32)
      >>> shared = data.SharedSet(np.zeros((1, 2, 2, 1), "f"), np.zeros(1, "i"), one, one)
      >>> float(as_inputs(shared, np.full((1, 2, 2, 1), 255, np.uint8)).max())
      0.0
    """
    images = np.asarray(images)
    values = np.float32(images) / (255 if images.dtype == np.uint8 else 1)
    return np.asarray(shared._replace(images=values, labels=shared.labels[:0]).normalised().images)


def group_mask(labels: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Returns the groups of images, see ``data.group_indices``, as a mask.

    Args:
      labels: int ``[n]``; rows ``[n, L]`` of findings; or, for classes, soft labels.
      num_classes: number of classes or findings.

    Returns:
      bool ``[n, G]``; the last column of findings is the images without any.

    Example:
      >>> group_mask(np.array([1, 0]), num_classes=2).tolist()
      [[False, True], [True, False]]
    """
    found = data.group_indices(labels, num_classes=num_classes)
    groups = num_classes if np.ndim(labels) == 1 else num_classes + 1
    mask = np.zeros((len(labels), groups), bool)
    for group, rows in enumerate(found):
        mask[rows, group] = True
    return mask
