"""What a run works with: the objects that its settings stand for."""

import dataclasses
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh

from medjax import data, evaluate, methods, nets, parallel, planning, training
from medjax.errors import UserError, unknown
from medjax.run import checks
from medjax.types import Array, PRNGKey

_log = logging.getLogger("medjax")
_GIB = 2**30
# Of what a computation may plan with, which leaves a quarter of the memory to data and the rest.
_DATA_SHARE = 1 / 6


class Experiment(NamedTuple):
    """A run, ready to start.

    Attributes:
      dataset: the real images.
      real: its training images, on the device or streamed.
      net: the network that is matched and evaluated.
      ipc: images per class (of a multi-label set, per group), one number or one for each.
      distiller: the method.
      recipe: how evaluation networks are trained.
      mesh: the devices to distil on, laid out; ``None`` is one device.
      benchmark: what they are scored on, by split: ``val`` if there is one, and ``test``.
      keys: PRNG keys by purpose: ``distill``, ``select``, ``final`` and ``experts``.
      streaming: what stays on disk.
      pixel_stats: ``(mean, std)`` of the training pixels, or as ``normalize(fixed)`` gives them,
        each float32 ``[c]`` in pixel units.
      whitening: what made the images of ``dataset``, ``None`` for pixels.
    """

    dataset: data.Dataset
    real: data.RealData
    net: nn.Module
    ipc: int | tuple[int, ...]
    distiller: methods.Distiller
    recipe: training.Recipe
    mesh: Mesh | None
    benchmark: evaluate.Benchmark
    keys: dict[str, PRNGKey]
    streaming: data.Streaming
    pixel_stats: tuple[np.ndarray, np.ndarray]
    whitening: data.Whitening | None

    def to_pixels(self, images: Array) -> np.ndarray:
        """What networks see as pixels.

        Args:
          images: float ``[n, h, w, c]``, normalised or whitened.

        Returns:
          Float32 ``[n, h, w, c]`` in pixel units, 0–1 nominal and never clipped.
        """
        if self.whitening is not None:
            return self.whitening.unwhiten(np.asarray(images))
        return np.asarray(data.denormalize(images, *self.pixel_stats))

    def recipe_for(self, step_size: Array | None) -> training.Recipe:
        """How networks are trained on the distilled images.

        Args:
          step_size: the learning rate that was learned with them, or ``None``.

        Returns:
          The recipe, at that learning rate if there is one.
        """
        if step_size is None:
            return self.recipe
        return dataclasses.replace(self.recipe, learning_rate=float(step_size))


def make_experiment(config: Mapping[str, Any]) -> Experiment:
    """Makes everything that a config names, and refuses what cannot work.

    Args:
      config: settings as ``medjax.config.defaults`` has them.

    Returns:
      The experiment; nothing has been written.

    Raises:
      UserError: for whatever a user can get wrong in the settings or the data.
    """
    checks.check_settings(config)
    source = config["data"]
    streaming = streaming_of(source["stream_above_gib"], source["cache"])
    preparation = data.parse_preparation(source["prepare"])
    dataset = data.load(
        source["name"],
        size=source["size"],
        root=source["root"] or None,
        download=source["download"],
        streaming=streaming,
        sources=data.Sources.of(source),
        preparation=preparation,
    )
    select_by = config["evaluation"]["select_by"]
    metrics = evaluate.selectable_metrics(dataset.info.task)
    if select_by not in metrics:
        raise unknown("evaluation.select_by", select_by, metrics)
    pixel_stats = dataset.mean, dataset.std
    splits = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    splits = {name: split for name, split in splits.items() if split is not None}
    if preparation.zca != "none":
        checks.check_whitened(splits, above=streaming.above)
    dataset, whitening = data.whiten(dataset, zca=preparation.zca)
    counts = _counts(dataset)
    ipc = _ipc(config, counts)
    net = _net(config, dataset.num_classes)
    distill = dict(config["distill"])
    if "augment" in distill:
        distill["augment"] = _strategy(distill["augment"], dataset)
    per_class = [ipc] * len(counts) if isinstance(ipc, int) else list(ipc)
    mesh, evaluation_mesh = _meshes(config, per_class)
    where = {"num_groups": len(counts), "mesh": mesh}
    distiller = methods.make(config["method"], net=net, ipc=ipc, **where, **distill)
    real = data.real_data(
        dataset.train, num_classes=dataset.num_classes, mean=dataset.mean, std=dataset.std
    )
    real = parallel.replicate(real, mesh)
    root = jax.random.key(config["seed"])
    # A network too deep for the images is refused here, not when half the workdir is written.
    image = jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
    jax.eval_shape(net.init, root, image)
    _check_memory(distiller, net, root, real)
    _log_place(real, streaming)
    splits = {name: getattr(dataset, name) for name in splits if name != "train"}
    checks.check_scored(source["name"], splits)
    stats = (dataset.mean, dataset.std)
    return Experiment(
        dataset=dataset,
        real=real,
        net=net,
        ipc=ipc,
        distiller=distiller,
        recipe=_recipe(config["evaluation"], dataset),
        mesh=mesh,
        benchmark=evaluate.Benchmark(splits, stats, dataset.info.task, evaluation_mesh),
        keys=keys_of(config["seed"]),
        streaming=streaming,
        pixel_stats=pixel_stats,
        whitening=whitening,
    )


def keys_of(seed: int) -> dict[str, PRNGKey]:
    """The keys of a run by purpose.

    Args:
      seed: the run's.

    Returns:
      Keys for ``distill``, ``select``, ``final`` and ``experts``.

    Example:
      >>> list(keys_of(0))
      ['distill', 'select', 'final', 'experts']
    """
    root = jax.random.key(seed)
    return {
        purpose: jax.random.fold_in(root, number)
        for number, purpose in enumerate(("distill", "select", "final", "experts"))
    }


def streaming_of(above_gib: float | None, cache: str | None) -> data.Streaming:
    """Above which size images stay on disk: what is set, or a share of the device's memory.

    Args:
      above_gib: ``data.stream_above_gib`` of the settings; ``None`` is a share of the memory.
      cache: ``data.cache`` of the settings.

    Returns:
      What ``data.load`` takes.

    Example:
      >>> streaming_of(2.0, None).above == 2 * 2**30
      True
    """
    above = planning.device_budget() * _DATA_SHARE if above_gib is None else above_gib * _GIB
    return data.Streaming(above=int(above), cache=cache or None)


def _counts(dataset: data.Dataset) -> list[int]:
    """Training images of each class, or of each group of a multi-label set."""
    groups = data.group_indices(dataset.train.labels, num_classes=dataset.num_classes)
    return [len(group) for group in groups]


def _ipc(config: Mapping[str, Any], counts: Sequence[int]) -> int | tuple[int, ...]:
    if config["ipc_per_class"]:
        return tuple(config["ipc_per_class"])
    if config["ipc_shares"] == "proportional":
        return methods.proportional_ipc(config["ipc"], counts)
    return config["ipc"]


def _net(config: Mapping[str, Any], num_classes: int) -> nn.Module:
    """The network of a run."""
    options = dict(config["net"])
    name = options.pop("name")
    if set(options) != set(nets.options(name)) - {"precision"}:
        raise UserError(
            f"net.name={name} has other options than the config's network: name it behind the "
            f"config's colon, as in configs/dm.py:net.name={name}"
        )
    return nets.make(name, num_classes=num_classes, precision=config["precision"], **options)


def _meshes(config: Mapping[str, Any], ipc: Sequence[int]) -> tuple[Mesh | None, Mesh | None]:
    """The devices to distil on and those to evaluate on, laid out; ``None`` is one device."""
    wanted, distill, evaluation = config["mesh"], config["distill"], config["evaluation"]
    count = wanted["devices"] or jax.device_count()
    if count > jax.device_count():
        raise UserError(f"mesh.devices is {count}, but there are only {jax.device_count()}")
    if count < jax.device_count() and jax.process_count() > 1:
        raise UserError(
            f"mesh.devices must be 0 (all) with {jax.process_count()} processes, got {count}"
        )
    devices, along = jax.devices()[:count], methods.axes(config["method"])
    sizes = (len(ipc), distill.get("num_networks", 1), distill.get("batch_real", 1))
    sizes = {a: size if a in along else 1 for a, size in zip(parallel.AXES, sizes, strict=True)}
    # Devices that only repeat others' work would share a CPU's cores with those that count.
    used = devices[: max(math.prod(sizes.values()), 1)] if jax.process_count() == 1 else devices
    mesh = parallel.make_mesh(
        classes=sizes["class"],
        networks=sizes["net"],
        rows=sizes["batch"],
        # A synthetic image costs two or more times a real one, on each device of its class.
        shared_rows=2 * max(ipc) if "batch" in along else 0,
        devices=used,
        shape=wanted,
    )
    rows = min(evaluation["batch_size"], sum(ipc))
    evaluation_mesh = parallel.make_mesh(
        classes=1, networks=evaluation["networks"], rows=rows, devices=devices
    )
    return tuple(None if mesh.size == 1 else mesh for mesh in (mesh, evaluation_mesh))


def _log_place(real: data.RealData, streaming: data.Streaming) -> None:
    place = "stream from disk" if isinstance(real.images, data.HostImages) else "are on the device"
    size = math.prod(real.images.shape) * np.dtype(real.images.dtype).itemsize
    _log.info(
        "data: the training images take %.3g GiB of the %.3g GiB allowed, and %s",
        size / _GIB,
        streaming.above / _GIB,
        place,
    )


def _check_memory(
    distiller: methods.Distiller, net: nn.Module, key: PRNGKey, real: data.RealData
) -> None:
    """Traces the first step, which refuses what cannot fit; the run uses the same trace again."""
    experts = distiller.experts
    if experts is not None:
        shape = experts.count * experts.snapshots, methods.vector_size(net, real)
        real = real._replace(experts=jax.ShapeDtypeStruct(shape, real.mean.dtype))
    state = jax.eval_shape(lambda key: distiller.init(key, real), key)
    jax.eval_shape(distiller.step, key, state, real, 1)


def _strategy(augment: str, dataset: data.Dataset) -> str:
    return dataset.info.augment if augment == "auto" else augment


def _recipe(evaluation: Mapping[str, Any], dataset: data.Dataset) -> training.Recipe:
    fields = (
        "epochs",
        "learning_rate",
        "momentum",
        "weight_decay",
        "batch_size",
        "parity",
        "balanced",
    )
    strategy = _strategy(evaluation["augment"], dataset)
    augment = None if strategy == "none" else strategy
    return training.Recipe(augment=augment, **{name: evaluation[name] for name in fields})
