"""The experts of a run: trained once, kept in the cache, and found there by the next run."""

import logging
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, methods, parallel
from medjax.errors import UserError
from medjax.run.expert_file import ExpertFile, open_experts
from medjax.run.setup import Experiment

_log = logging.getLogger("medjax")
# Experts of one compiled call. A constant, as what is saved is saved for so many.
_TOGETHER = 10


def with_experts(experiment: Experiment, config: Mapping[str, Any]) -> Experiment:
    """Trains the experts that the method asks for, as far as the cache does not have them.

    They lie in the cache under a digest of all that one depends on: the data, the network, how it
    is trained and the seed. A run that is killed goes on from the last epoch, and one that asks for
    more experts or epochs from those that are there.

    Args:
      experiment: what the run works with.
      config: its settings.

    Returns:
      The experiment with ``real.experts``: on the device or, above the limit for images, on the
      host; as it was for a method without experts.

    Raises:
      UserError: if the cache cannot be written; or, with several processes, if experts are missing:
        one process trains them.
    """
    experts, net, real = experiment.distiller.experts, experiment.net, experiment.real
    if experts is None:
        return experiment
    how = dict(vars(experts))
    count, _ = how.pop("count"), how.pop("epochs")  # an expert is the same among more or fewer
    settings = {
        "experts": how,
        "net": config["net"] | {"precision": config["precision"]},
        "data": {
            "digest": experiment.dataset.info.digest,
            "preparation": experiment.dataset.preparation,
        },
        "seed": config["seed"],
    }
    size = methods.vector_size(net, real)
    root = data.cache_root(config["data"]["cache"] or None) / "experts"
    where = {"experts": count, "snapshots": experts.snapshots, "size": size}
    with open_experts(root, settings, **where) as file:
        _train_missing(experiment, file)
        rows = file.rows()
    if rows.nbytes <= experiment.streaming.above:
        rows = np.array(rows)
    placed = parallel.replicate(real._replace(experts=data.place(rows)), experiment.mesh)
    return experiment._replace(real=placed)


def _train_missing(experiment: Experiment, file: ExpertFile) -> None:
    mesh = experiment.benchmark.mesh  # that of networks which are trained together
    trainer = methods.make_trainer(experiment.net, experiment.distiller.experts, mesh=mesh)
    key, real = experiment.keys["experts"], parallel.replicate(experiment.real, mesh)
    for first in range(0, len(file), _TOGETHER):
        group = range(first, min(first + _TOGETHER, len(file)))
        numbers, done = jnp.arange(group.start, group.stop, dtype=jnp.int32), file.whole(group)
        if done == file.snapshots:
            continue
        if jax.process_count() > 1:
            raise UserError(
                "experts are trained by a single process: start the run once as one, and with "
                "the others when it distils"
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
