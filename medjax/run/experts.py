"""The experts of a run, trained once and kept in the cache for later runs."""

import logging

import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, methods, parallel
from medjax.errors import UserError
from medjax.run.expert_file import ExpertFile, open_experts
from medjax.run.setup import Experiment

_log = logging.getLogger("medjax")
# Experts in one compiled call. A constant, because each snapshot is saved for this many experts.
_TOGETHER = 10


def with_experts(experiment: Experiment) -> Experiment:
    """Trains the experts that the method asks for and the cache lacks.

    The cache keeps them under a digest of everything that an expert depends on: the data, the
    network, its training and the seed. A killed run resumes from the last epoch, and a run that
    needs more experts or epochs starts from those that exist.

    Returns:
      The experiment with ``real.experts``, on the device or, above the limit for images, on the
      host unless only some snapshots are kept; the same experiment for a method without experts.

    Raises:
      UserError: if the cache cannot be written, or if experts are missing in a run of several
        processes, because a single process trains them.
    """
    experts, net, real = experiment.distiller.experts, experiment.net, experiment.real
    if experts is None:
        return experiment
    own, dataset = experiment.settings, experiment.dataset
    how = dict(vars(experts))
    count, _, kept = how.pop("count"), how.pop("epochs"), how.pop("kept")  # which change no expert
    if not experts.sharpness:  # those of SGD keep their name
        del how["sharpness"]
    settings = {
        "experts": how,
        "net": {"name": own.net.name, **own.net.options, "precision": own.precision},
        "data": {"digest": dataset.info.digest, "preparation": str(dataset.preparation)},
        "seed": own.seed,
    }
    size = methods.vector_size(net, real)
    root = data.cache_root(own.data.cache or None) / "experts"
    shape = {"experts": count, "snapshots": experts.epochs + 1, "size": size}
    with open_experts(root, settings, **shape) as file:
        _train_missing(experiment, file)
        rows = file.rows()
    if kept is not None:
        rows = rows.reshape(count, -1, size)[:, list(kept)].reshape(-1, size)
    if rows.nbytes <= experiment.streaming.above:
        rows = np.array(rows)
    placed = parallel.replicate(real._replace(experts=data.place(rows)), experiment.mesh)
    return experiment._replace(real=placed)


def _train_missing(experiment: Experiment, file: ExpertFile) -> None:
    mesh = experiment.benchmark.mesh  # the mesh of networks that are trained together
    trainer = methods.make_trainer(experiment.net, experiment.distiller.experts, mesh=mesh)
    key, real = experiment.keys["experts"], parallel.replicate(experiment.real, mesh)
    for first in range(0, len(file), _TOGETHER):
        group = range(first, min(first + _TOGETHER, len(file)))
        numbers, done = jnp.arange(group.start, group.stop, dtype=jnp.int32), file.whole(group)
        if done == file.snapshots:
            continue
        if jax.process_count() > 1:
            raise UserError(
                "a single process trains experts: run one process until it distils, then restart "
                "with all processes"
            )
        if done == 0:
            file.write(group, 0, np.asarray(trainer.start(key, numbers, real)))
        vectors = jnp.asarray(file.read(group, max(done - 1, 0)))
        for snapshot in range(max(done, 1), file.snapshots):
            vectors = trainer.epoch(key, numbers, vectors, snapshot - 1, real)
            if not np.isfinite(vectors).all():
                raise UserError(
                    f"experts have parameters that are not finite after epoch {snapshot}: lower "
                    "distill.net_learning_rate"
                )
            file.write(group, snapshot, np.asarray(vectors))
        _log.info("experts: %d of %d are trained", group.stop, len(file))
