"""The experiment of a run: the typed objects that its settings describe."""

import dataclasses
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from medjax import data, evaluate, methods, nets, parallel, training
from medjax.errors import UserError, unknown
from medjax.run import datasets
from medjax.run.settings import TEMPERATURE, EvaluationSettings, Settings
from medjax.types import MULTI_LABEL, Array, PRNGKey, SyntheticSet

_log = logging.getLogger("medjax")
_GIB = 2**30


class Experiment(NamedTuple):
    """A run that is ready to start.

    Attributes:
      settings: the settings of the run.
      dataset: the real images.
      checked: what ``data.check`` found in them, before any whitening.
      real: the training images, on the device or streamed.
      net: the network that is matched and evaluated.
      ipc: images per class (of a multi-label set, per group): one number, or one for each.
      distiller: the method.
      recipe: how networks are trained for the final scores.
      select_recipe: how they are trained for the scores on val that select.
      mesh: the devices to distil on; ``None`` for one device.
      benchmark: the splits that networks are scored on: ``test`` and, if there is one, ``val``.
      keys: PRNG keys by purpose, see ``keys_of``.
      streaming: which images stay on disk.
      pixel_stats: ``(mean, std)`` of the training pixels, or those of ``normalize(fixed)``; each
        float32 ``[c]`` in pixel units.
      whitening: the whitening of the images of ``dataset``; ``None`` for pixels.
      teacher: the network that labels distilled and random images, from ``with_teacher``; ``None``
        if sets keep their own labels.
    """

    settings: Settings
    dataset: data.Dataset
    checked: Mapping[str, Any]
    real: data.RealData
    net: nn.Module
    ipc: int | tuple[int, ...]
    distiller: methods.Distiller
    recipe: training.Recipe
    select_recipe: training.Recipe
    mesh: Mesh | None
    benchmark: evaluate.Benchmark
    keys: dict[str, PRNGKey]
    streaming: data.Streaming
    pixel_stats: tuple[np.ndarray, np.ndarray]
    whitening: data.Whitening | None
    teacher: evaluate.Teacher | None = None

    @property
    def labels(self) -> str:
        """The labels of the distilled set: ``learned`` by the method, ``teacher`` or ``hard``."""
        if self.distiller.soft_labels:
            return "learned"
        return "hard" if self.teacher is None else "teacher"

    def decode(self, stored: SyntheticSet, *, hard: bool = False) -> SyntheticSet:
        """Returns the set that networks train on, from images as a state holds them.

        Soft labels that the method has learned stay; otherwise a teacher labels the images. With
        ``hard``, the labels are classes.
        """
        decoded = self.distiller.decode(stored)
        if hard:
            return decoded._replace(labels=self.classes(decoded.labels))
        if self.teacher is None or self.distiller.soft_labels:
            return decoded
        return decoded._replace(labels=jnp.asarray(self.teacher.label(decoded.images)))

    def classes(self, labels: Array) -> Array:
        """Returns the labels, or of soft ones the most probable class, int32 ``[n]``."""
        return jnp.argmax(labels, axis=1) if self.distiller.soft_labels else labels

    def to_pixels(self, images: Array) -> np.ndarray:
        """Turns float images ``[n, h, w, c]``, normalised or whitened, into pixels.

        The pixels are float32 ``[n, h, w, c]`` in pixel units, 0–1 nominal and never clipped.
        """
        if self.whitening is not None:
            return self.whitening.unwhiten(np.asarray(images))
        return np.asarray(data.denormalize(images, *self.pixel_stats))

    def recipe_for(
        self, step_size: Array | None, *, selects: bool = False, hard: bool = False
    ) -> training.Recipe:
        """Returns the recipe for synthetic images, at the learning rate learned with them.

        Args:
          step_size: the learning rate; ``None`` is that of the settings.
          selects: whether the scores select, or are final.
          hard: whether the labels are classes, see ``decode``.
        """
        recipe = self.select_recipe if selects else self.recipe
        recipe = dataclasses.replace(recipe, soft_labels=self.labels != "hard" and not hard)
        if step_size is None:
            return recipe
        return dataclasses.replace(recipe, learning_rate=float(step_size))


def make_experiment(settings: Settings) -> Experiment:
    """Makes everything that the settings of a run describe; writes nothing to the workdir.

    Raises:
      UserError: for every mistake that a user can make in the settings or the data.
    """
    return experiment_on(*datasets.load_dataset(settings.data), settings=settings)


def experiment_on(
    dataset: data.Dataset, streaming: data.Streaming, *, settings: Settings
) -> Experiment:
    """Makes the experiment of a run on a data set that was loaded, or made from one.

    Args:
      dataset: the images, not whitened.
      streaming: which of them stay on disk.
      settings: those of the run; how the data set is loaded is not used again.
    """
    _check_task(settings.evaluation, dataset.info)
    checked = datasets.check_images(dataset, cache=settings.data.cache)
    pixel_stats = dataset.mean, dataset.std
    dataset, whitening = _whitened(dataset, settings.data.prepare.zca, above=streaming.above)
    num_classes, stats = dataset.num_classes, {"mean": dataset.mean, "std": dataset.std}
    groups = data.group_indices(dataset.train.labels, num_classes=num_classes)
    ipc = _ipc(settings, [len(group) for group in groups])
    options = {"precision": settings.precision, **settings.net.options}
    net = nets.make(settings.net.name, num_classes=num_classes, **options)
    per_group = [ipc] * len(groups) if isinstance(ipc, int) else list(ipc)
    mesh, evaluation_mesh = _meshes(settings, per_group)
    distiller = make_distiller(settings, dataset, net, ipc=ipc, num_groups=len(groups), mesh=mesh)
    real = data.real_data(dataset.train, num_classes=num_classes, **stats)
    real = parallel.replicate(real, mesh)
    _check_step(distiller, net, jax.random.key(settings.seed), real)
    _log_place(real, streaming)
    splits, task = datasets.scored_splits(dataset), dataset.info.task
    datasets.check_scored(settings.data.name, dataset)
    return Experiment(
        settings=settings,
        dataset=dataset,
        checked=checked,
        real=real,
        net=net,
        ipc=ipc,
        distiller=distiller,
        recipe=_recipe(settings.evaluation, dataset, settings.evaluation.recipe),
        select_recipe=_recipe(settings.evaluation, dataset, settings.evaluation.select_recipe),
        mesh=mesh,
        benchmark=evaluate.Benchmark(splits, tuple(stats.values()), task, evaluation_mesh),
        keys=keys_of(settings.seed),
        streaming=streaming,
        pixel_stats=pixel_stats,
        whitening=whitening,
    )


def keys_of(seed: int) -> dict[str, PRNGKey]:
    """Returns the keys of a run by purpose: ``distill``, ``select``, ``final`` and ``experts``."""
    root, purposes = jax.random.key(seed), ("distill", "select", "final", "experts")
    return {purpose: jax.random.fold_in(root, i) for i, purpose in enumerate(purposes)}


def _check_task(evaluation: EvaluationSettings, info: data.DatasetInfo) -> None:
    metrics = evaluate.selectable_metrics(info.task)
    if evaluation.select_by not in metrics:
        raise unknown("evaluation.select_by", evaluation.select_by, metrics)
    if evaluation.labels != "teacher" and evaluation.temperature != TEMPERATURE:
        raise UserError(
            f"evaluation.temperature needs evaluation.labels=teacher, got {evaluation.labels}"
        )
    if evaluation.labels == "teacher" and info.task == MULTI_LABEL:
        raise UserError(
            f"evaluation.labels=teacher needs classes that exclude each other, but {info.name} has "
            "findings: use evaluation.labels=hard"
        )


def _whitened(
    dataset: data.Dataset, zca: str, *, above: int
) -> tuple[data.Dataset, data.Whitening | None]:
    if zca != "none":
        datasets.check_whitened(dataset.splits, above=above)
    return data.whiten(dataset, zca=zca)


def _ipc(settings: Settings, counts: Sequence[int]) -> int | tuple[int, ...]:
    if settings.ipc_per_class:
        return settings.ipc_per_class
    if settings.ipc_shares == "proportional":
        return methods.proportional_ipc(settings.ipc, counts)
    return settings.ipc


def make_distiller(
    settings: Settings, dataset: data.Dataset, net: nn.Module, **layout: Any
) -> methods.Distiller:
    """Returns the method of a run; ``layout`` is what ``methods.make`` takes besides its options.

    ``augment="auto"`` is the data set's strategy.
    """
    options = dict(settings.distill)
    if "augment" in options:
        options["augment"] = datasets.strategy(options["augment"], dataset)
    return methods.make(settings.method, net=net, **layout, **options)


def _meshes(settings: Settings, ipc: Sequence[int]) -> tuple[Mesh | None, Mesh | None]:
    """Lays out the devices for distilling and for evaluating; ``None`` is one device."""
    distill, evaluation = settings.distill, settings.evaluation
    count = settings.mesh.devices or jax.device_count()
    if count > jax.device_count():
        raise UserError(f"mesh.devices is {count}, but there are only {jax.device_count()}")
    if count < jax.device_count() and jax.process_count() > 1:
        raise UserError(
            f"mesh.devices must be 0 (all) with {jax.process_count()} processes, got {count}"
        )
    devices, along = jax.devices()[:count], methods.axes(settings.method)
    sizes = (len(ipc), distill.get("num_networks", 1), distill.get("batch_real", 1))
    sizes = {a: size if a in along else 1 for a, size in zip(parallel.AXES, sizes, strict=True)}
    # Devices that only repeat the work of others would take cores of the CPU from them.
    used = devices[: max(math.prod(sizes.values()), 1)] if jax.process_count() == 1 else devices
    mesh = parallel.make_mesh(
        classes=sizes["class"],
        networks=sizes["net"],
        rows=sizes["batch"],
        # A synthetic image costs at least twice a real one, on each device of its class.
        shared_rows=2 * max(ipc) if "batch" in along else 0,
        devices=used,
        shape=settings.mesh.shape,
    )
    rows = min(evaluation.batch_size, sum(ipc))
    evaluation_mesh = parallel.make_mesh(
        classes=1, networks=evaluation.networks, rows=rows, devices=devices
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


def _check_step(
    distiller: methods.Distiller, net: nn.Module, key: PRNGKey, real: data.RealData
) -> None:
    """Traces the network and the first step, which refuse what fails or exceeds the memory.

    The run reuses the trace.
    """
    image = jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
    jax.eval_shape(net.init, key, image)
    experts = distiller.experts
    if experts is not None:
        shape = experts.count * experts.snapshots, methods.vector_size(net, real)
        real = real._replace(experts=jax.ShapeDtypeStruct(shape, real.mean.dtype))

    def start(key: PRNGKey, experts: Array | None) -> methods.DistillState:
        return distiller.init(key, real._replace(experts=experts))

    state = jax.eval_shape(start, key, real.experts)
    jax.eval_shape(distiller.step, key, state, real, 1)


def _recipe(evaluation: EvaluationSettings, dataset: data.Dataset, name: str) -> training.Recipe:
    augment = datasets.strategy(evaluation.augment, dataset)
    return training.Recipe(
        epochs=evaluation.epochs,
        learning_rate=evaluation.learning_rate,
        momentum=evaluation.momentum,
        weight_decay=evaluation.weight_decay,
        batch_size=evaluation.batch_size,
        augment=None if augment == "none" else augment,
        parity=evaluation.parity and name == "reference",
        balanced=evaluation.balanced,
        name=name,
    )
