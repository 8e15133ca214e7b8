"""Distils part of a run's training set with the run's own config."""

import contextlib
import copy
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from medjax import data, store
from medjax.data.prepare.preparation import Preparation
from medjax.errors import UserError
from medjax.privacy.case.finished import Finished
from medjax.run import config as run_config
from medjax.run import datasets
from medjax.run.distill import distill

_TEST_IMAGES = 4  # of each label row; a run wants a test split
_IMAGES, _CACHE = "images", "cache"


def distilled(
    run: Finished, part: data.Split, folder: Path, *, seed: int | None = None
) -> data.SharedSet:
    """Distils some images as a run distilled its own, or resumes or reads this distillation.

    The settings are the run's, with as many iterations as made the released images. Networks and
    learners are not trained to select or score images, because that changes none of them.

    Args:
      run: the run.
      part: the images, uint8, prepared as those of the run, and their labels.
      folder: where the distillation is written; its copy of the images is removed at the end.
      seed: the seed; ``None`` for the run's.

    Returns:
      The images of the last iteration.

    Raises:
      UserError: as ``medjax.run.distill.distill``, for example if a class has too few images.
      RunError: likewise.
    """
    with config_of(run, part, folder, seed=seed) as config:
        distill(config, folder)
        return data.load_synthetic(folder / "synthetic.npz")


@contextlib.contextmanager
def config_of(
    run: Finished, part: data.Split, folder: Path, *, seed: int | None = None
) -> Iterator[dict[str, Any]]:
    """Writes some images to a file, and yields the config that distils them as a run would.

    Args:
      run, part, folder, seed: see ``distilled``.

    Yields:
      The config. The file, which holds patients' images, and what a cache unpacked of it are
      removed afterwards.

    Raises:
      UserError: if a class has no image, or the file cannot be written.
    """
    check_groups(run, part.labels)
    path = folder / f"{_IMAGES}.npz"
    store.write_bytes(path, _npz({"train": part, "test": _few(run.dataset.test)}))
    try:
        yield _config(run, path, seed=seed)
    finally:
        path.unlink(missing_ok=True)
        shutil.rmtree(folder / _CACHE / "data", ignore_errors=True)  # the images, of a streamed set


def check_groups(run: Finished, labels: np.ndarray) -> None:
    """Refuses images that lack a class, by which the others would be numbered in another way.

    Args:
      run: the run.
      labels: those of the images to distil.

    Raises:
      UserError: with the first class that has no image.
    """
    missing = set(range(run.dataset.num_classes)) - set(np.unique(labels).tolist())
    if run.has_classes and missing:
        raise UserError(f"it has no image of {run.dataset.info.classes[min(missing)]}")


def _config(run: Finished, path: Path, *, seed: int | None) -> dict[str, Any]:
    settings, iterations = run.settings, run.iterations
    config = copy.deepcopy(dict(settings.config))
    known = run_config.defaults(settings.method, str(path)).to_dict()["data"]
    prepared = run.dataset.preparation or Preparation()
    # A place is no setting that a run is tied to, so it resumes however the folder is written.
    config["data"] = known | {
        "name": _IMAGES,
        "root": str(path.parent),
        "prepare": str(Preparation(last=prepared.last)),
        "cache": str(path.parent / _CACHE),  # not the user's, where images would stay
        "stream_above_gib": settings.data.stream_above_gib,
    }
    config["seed"] = settings.seed if seed is None else seed
    config["iterations"] = iterations
    # No network is trained, so the least program does.
    config["evaluation"] |= {"every": iterations, "epochs": 0, "augment": "none", "parity": False}
    config["evaluation"] |= {"recipe": "reference", "select_recipe": "reference"}
    config["evaluation"] |= {"networks": 1, "select_networks": 1, "select_by": "auroc"}
    config["evaluation"] |= {"whole_steps": 1, "whole_epochs": None}
    config["evaluation"] |= {"labels": "hard", "temperature": 1.0, "learners": []}
    if "augment" in config["distill"]:
        chosen = config["distill"]["augment"]
        config["distill"]["augment"] = datasets.strategy(chosen, run.dataset)
    return config


def _few(split: data.Split) -> data.Split:
    """Returns the first images of each label."""
    _, kinds = np.unique(np.asarray(split.labels), axis=0, return_inverse=True)
    kinds = kinds.reshape(-1)
    rows = [np.flatnonzero(kinds == kind)[:_TEST_IMAGES] for kind in range(kinds.max() + 1)]
    chosen = np.sort(np.concatenate(rows))
    return data.Split(split.images[chosen], split.labels[chosen])


def _npz(splits: dict[str, data.Split]) -> bytes:
    arrays = {}
    for name, split in splits.items():
        labels = np.asarray(split.labels, np.int32)
        if labels.shape[1:] == (1,):
            raise UserError("a set of a single finding cannot be audited")
        if (labels < 0).any():
            raise UserError(
                "labels that are not known cannot be audited: set data.folder.uncertain to zeros "
                "or ones in the run"
            )
        arrays[f"{name}_images"] = np.asarray(split.images)
        arrays[f"{name}_labels"] = labels.reshape(len(labels), -1)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # its entries have no date, so that the digest stays
    return stream.getvalue()
