"""The finished run whose images a bundle is made of."""

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medjax import data
from medjax.data.npz.archive import read_arrays
from medjax.errors import UserError, some
from medjax.run.summary import read_summary
from medjax.share.bundle.audit import Audit, read_audit
from medjax.types import MULTI_LABEL

# What a card is made of, besides settings; a summary of an early version has not all of it.
_NEEDED = ("baseline_ipc", "baselines", "compared_by", "data", "init", "ipc", "iterations")
_NEEDED += ("method", "num_images", "recipe", "selected_step", "test", "versions")


class FinishedRun(NamedTuple):
    """What a workdir holds of a finished run.

    Attributes:
      workdir: the folder.
      summary: the content of ``summary.json``.
      shared: the set in ``synthetic.npz``.
      audit: what an audit of the run found; ``None`` without one.
    """

    workdir: Path
    summary: Mapping[str, Any]
    shared: data.SharedSet
    audit: Audit | None


def read_run(workdir: Path) -> FinishedRun:
    """Reads a finished run of one seed.

    Args:
      workdir: its folder.

    Raises:
      UserError: if there is none, if the folder holds several seeds, a file is damaged, or the
        8-bit images of ``synthetic.npz`` are not its images, or its labels not those of the run.

    Example:
      >>> read_run(Path("runs/none"))
      Traceback (most recent call last):
      medjax.errors.UserError: runs/none holds no finished run: it has no readable summary.json
    """
    summary = read_summary(workdir / "summary.json")
    if summary is None:
        raise UserError(f"{workdir} holds no finished run: it has no readable summary.json")
    if "seeds" in summary:
        choices = some([str(workdir / name) for name in summary["seed_runs"]], most=5)
        raise UserError(f"{workdir} holds several seeds; choose the run of one: {choices}")
    if missing := [name for name in _NEEDED if summary.get(name) is None]:
        raise UserError(
            f"{workdir / 'summary.json'} is of another version: it has no {some(missing, most=3)}; "
            "distil again"
        )
    path = workdir / "synthetic.npz"
    content = b""
    with contextlib.suppress(OSError):  # of which the next line tells
        content = path.read_bytes()  # once: what was audited is what is packed
    shared = data.load_synthetic(path, content=content or None)
    wanted = summary.get("num_decoded", summary["num_images"])
    if len(shared.labels) != wanted:
        raise UserError(
            f"{path} has {len(shared.labels)} images, but the run of its summary.json made {wanted}"
        )
    hard = (summary.get("labels") or "hard") == "hard"
    if hard and not _are_hard(shared.labels, task=summary["data"]["task"]):
        raise UserError(
            f"{path} was changed after the run: its labels are probabilities, but the run of its "
            "summary.json made classes; distil again"
        )
    pictures = read_arrays(path, names=("images_uint8",), content=content).get("images_uint8")
    if pictures is not None and not np.array_equal(pictures, data.to_uint8(shared.images)):
        raise UserError(
            f"{path} was changed after the run: its images_uint8 are not its images; distil again"
        )
    digest = hashlib.sha256(content).hexdigest()
    return FinishedRun(workdir, summary, shared, read_audit(workdir, digest=digest))


def _are_hard(labels: np.ndarray, *, task: str) -> bool:
    """Returns whether labels are classes, or rows of findings, and not outputs of a network."""
    return labels.ndim == 1 or (task == MULTI_LABEL and bool(np.isin(labels, (0, 1)).all()))
