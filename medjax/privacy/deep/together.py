"""Distils several halves of the same images in one program, vectorised on a GPU or TPU."""

import io
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, store
from medjax.errors import RunError
from medjax.privacy.case.finished import Finished
from medjax.privacy.case.redistil import check_groups, config_of
from medjax.run.settings import Settings
from medjax.run.setup import Experiment, keys_of, make_experiment
from medjax.types import Array, SyntheticSet

METHODS = ("auto", "dm")
"""Methods whose halves need nothing but their rows and statistics of the images."""
_log = logging.getLogger("medjax")
_CALL, _SAVE_SECONDS = 20, 60.0
_OWN = ("index", "counts", "mean", "std")
_LETTERS = 12


def distil(
    run: Finished, images: data.Split, inside: np.ndarray, folder: Path, *, seeds: Sequence[int]
) -> list[data.SharedSet]:
    """Distils each half as ``redistil.distilled`` would, or reads what is finished.

    The halves differ in the rows of each class and in the pixels' statistics; the images are on the
    device once. With equal seeds they also share the random networks.

    Args:
      run: the run that is audited, of one of ``METHODS``.
      images: the images that halves are drawn from.
      inside: bool ``[k, n]``, the halves.
      folder: where the sets, and while it runs the state, are written.
      seeds: the seed of each.

    Returns:
      The set of each half.

    Raises:
      UserError: if a class of a half has too few images.
      RunError: if a loss is not finite.
    """
    for rows in inside:
        check_groups(run, images.labels[rows])
    names = [name_of(*half) for half in zip(inside, seeds, strict=True)]
    paths = [folder / f"{name}.npz" for name in names]
    if not all(path.exists() for path in paths):
        with config_of(run, images, folder) as config:
            config["mesh"]["devices"] = 1
            experiment = make_experiment(Settings.from_config(config))
        halves = _halves(experiment, images, inside)
        saved = folder / f"state_{store.key_of(names)[:_LETTERS]}.npz"
        state = _run(experiment, halves, saved, seeds=seeds)
        for number, (path, half) in enumerate(zip(paths, halves, strict=True)):
            stored = SyntheticSet(state.images[number], state.labels[number])
            decoded = experiment.distiller.decode(stored)
            data.save_synthetic(path, decoded, mean=half.mean, std=half.std)
        saved.unlink(missing_ok=True)
    return [data.load_synthetic(path) for path in paths]


def name_of(rows: np.ndarray, seed: int) -> str:
    """Returns the name of a shadow's file, so that none is taken for that of another half.

    Args:
      rows: bool ``[n]``, the half.
      seed: the seed of its distillation.

    Example:
      >>> name_of(np.array([True, False]), 0)
      'f801055af5e2'
    """
    return store.key_of({"rows": np.packbits(rows).tobytes().hex(), "seed": seed})[:_LETTERS]


def _halves(experiment: Experiment, images: data.Split, inside: np.ndarray) -> list[data.RealData]:
    """Returns the images with the rows and statistics of each half, all of the same shapes."""
    dataset, found = experiment.dataset, []
    is_fixed = dataset.preparation is not None and dataset.preparation.last.name == "normalize"
    is_fixed = is_fixed and dataset.preparation.last.mode == "fixed"
    for rows in map(np.flatnonzero, inside):
        groups = data.group_indices(images.labels[rows], num_classes=dataset.num_classes)
        stats = (dataset.mean, dataset.std) if is_fixed else data.channel_stats(images.images[rows])
        found.append(([rows[group] for group in groups], stats))
    most = max(len(group) for groups, _ in found for group in groups)
    return [
        experiment.real._replace(
            index=jnp.asarray(np.stack([np.resize(group, most) for group in groups]), jnp.int32),
            counts=jnp.asarray([len(group) for group in groups], jnp.int32),
            mean=jnp.asarray(mean),
            std=jnp.asarray(std),
        )
        for groups, (mean, std) in found
    ]


def _run(
    experiment: Experiment, halves: Sequence[data.RealData], path: Path, *, seeds: Sequence[int]
) -> Any:
    """Distils all halves to the end, from the last saved state on."""
    init, total = experiment.distiller.init, experiment.settings.iterations
    keys = jnp.stack([keys_of(seed)["distill"] for seed in seeds])
    starts = [init(key, half) for key, half in zip(keys, halves, strict=True)]
    state = _restored(jax.tree.map(lambda *x: jnp.stack(x), *starts), path)
    own = {x: jnp.stack([getattr(half, x) for half in halves]) for x in _OWN}
    step = _step_of_all(experiment.distiller.step, shared=len(set(seeds)) == 1)
    done, saved = int(state.step[0]), time.monotonic()
    while done < total:
        count = jnp.int32(min(_CALL, total - done))
        state, info = step(keys, state, own, halves[0], count)
        done = int(state.step[0])
        if (np.asarray(info.bad_step) >= 0).any():
            raise RunError("the loss of a shadow distillation is not finite")
        if time.monotonic() - saved > _SAVE_SECONDS:
            _log.info("shadow distillations: iteration %d of %d", done, total)
            _save(state, path)
            saved = time.monotonic()
    return state


def _step_of_all(step: Callable[..., Any], *, shared: bool) -> Callable[..., Any]:
    """Returns the step of all halves, which takes what differs between them stacked."""

    def of_one(key: Array, state: Any, own: dict[str, Array], real: data.RealData, n: Array) -> Any:
        return step(key, state, real._replace(**own), n)

    def in_turn(keys: Array, states: Any, own: Any, real: data.RealData, n: Array) -> Any:
        return jax.lax.map(lambda some: of_one(*some, real, n), (keys, states, own))

    def at_once(keys: Array, states: Any, own: Any, real: data.RealData, n: Array) -> Any:
        # One key makes one network, whose convolutions then have the images of all halves.
        axes = (None if shared else 0, 0, 0, None, None)
        return jax.vmap(of_one, in_axes=axes)(keys[0] if shared else keys, states, own, real, n)

    return jax.jit(at_once if _is_vectorised() else in_turn)


def _is_vectorised() -> bool:
    # On one core of a CPU it took four times as long (docs/PERFORMANCE.md).
    return jax.default_backend() != "cpu"


def _save(state: Any, path: Path) -> None:
    stream = io.BytesIO()
    np.savez(stream, *map(np.asarray, jax.tree.leaves(state)))
    store.write_bytes(path, stream.getvalue())


def _restored(start: Any, path: Path) -> Any:
    """Returns the saved state, or the start without one."""
    if not path.exists():
        return start
    leaves, kind = jax.tree.flatten(start)
    with np.load(path) as saved:
        return jax.tree.unflatten(
            kind, [jnp.asarray(saved[f"arr_{i}"]) for i in range(len(leaves))]
        )
