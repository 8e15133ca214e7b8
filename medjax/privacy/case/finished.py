"""The finished run that is audited: its settings, its images and its data set."""

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn

from medjax import data, nets
from medjax.errors import UserError
from medjax.run import datasets
from medjax.run.config.old import upgraded
from medjax.run.settings import Settings
from medjax.run.summary import read_summary
from medjax.types import MULTI_LABEL


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

    @property
    def has_classes(self) -> bool:
        """Whether the classes exclude each other, as networks and canaries need them."""
        return self.dataset.info.task != MULTI_LABEL

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
    content = b""
    with contextlib.suppress(OSError):  # of which the next line tells
        content = path.read_bytes()
    released = data.load_synthetic(path, content=content or None)
    dataset, _ = datasets.load_dataset(settings.data)
    before, now = (summary.get("data") or {}).get("digest"), dataset.info.digest
    if before not in (None, now):
        raise UserError(
            f"the data has changed since the run: its digest was {before} and is {now} now; an "
            "audit needs the images that the run distilled"
        )
    if released.images.shape[1:] != dataset.train.images.shape[1:]:
        raise UserError(f"the images in {path} have another shape than those of the data set")
    digest = hashlib.sha256(content).hexdigest()
    return Finished(workdir, summary, settings, dataset, released, digest)
