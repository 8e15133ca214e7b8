"""What networks that were trained on one data set reach on another."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from medjax import coreset, data, evaluate
from medjax.run import datasets
from medjax.run.setup import Experiment
from medjax.study.ways import traffic
from medjax.study.ways.classifiers import Classifiers, Moments
from medjax.study.ways.outcome import Outcome, timed
from medjax.study.ways.part_distilling import distil_split, images_of_each_class

_PREFIX = "transfer/"


class Trained(NamedTuple):
    """Networks, and what they cost.

    Attributes:
      name: how they were made.
      variables: with a leading axis of networks.
      seconds: those of distilling and of training.
      images: images that a network was trained on.
      sent: bytes that the source sends.
    """

    name: str
    variables: Any
    seconds: float
    images: int
    sent: int


def compare_transfer(
    experiment: Experiment,
    target: data.Dataset,
    *,
    watch: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Trains on sets made from a source, and scores the networks on another set.

    - ``distilled``: the source is distilled; ``random``: as many of its images, drawn for each
      network; ``whole``: all of them. Networks are trained with the source's moments.
    - ``target``: all training images of the target, with the target's moments.

    All of them are scored on the target's splits, normalised by the target's own moments. In
    ``…_source_moments`` the source's normalise the target's images instead, also while
    ``target_source_moments`` is trained. ``…_at_home`` are the scores on the source's own splits.

    Args:
      experiment: of the source, which ``check_distils`` accepts.
      target: a set with the classes of the source and images of the same shape.
      watch: is told what is done next.

    Returns:
      The outcomes; their names start with ``transfer/``.
    """
    home = Classifiers.of(experiment)
    source = Moments(experiment.dataset.mean, experiment.dataset.std)
    own = Moments(target.mean, target.std)
    scored = evaluate.Benchmark(
        datasets.scored_splits(target), own, target.info.task, home.benchmark.mesh
    )
    away, found = home._replace(benchmark=scored), []
    for one in _trained(experiment, home, source, watch):
        scores = {
            "": away.score(one.variables, own),
            "_source_moments": away.score(one.variables, source),
            "_at_home": home.score(one.variables, source),
        }
        found += [_outcome(one, name, scores=x) for name, x in scores.items()]
    for name, moments in (("", own), ("_source_moments", source)):
        watch("trains on all images of the target")
        variables, seconds = timed(away.on_real, target.train, moments)
        one = Trained("target", variables, seconds, len(target.train), 0)
        found.append(_outcome(one, name, scores=away.score(variables, moments)))
    return found


def _trained(
    experiment: Experiment, home: Classifiers, moments: Moments, watch: Callable[[str], None]
) -> Iterator[Trained]:
    """Yields the networks of each set that is made from the source."""
    train, extra = experiment.dataset.train, traffic.moments_bytes(len(moments.mean))
    watch("distils the source")
    key = experiment.keys["distill"]
    made, before = timed(distil_split, key, train, moments, experiment=experiment)
    variables, seconds = timed(home.on_set, made.images, made.labels)
    count, values = made.stored[0], int(np.prod(made.stored))
    sent = traffic.set_bytes(values, count, dtype=np.float32) + extra
    yield Trained("distilled", variables, before + seconds, count, sent)
    watch("trains on random images of the source")
    each = images_of_each_class(experiment, train.labels)
    keys = jax.random.split(experiment.keys["select"], home.count)
    rows = np.stack([coreset.random_subset(key, train.labels, each) for key in keys])
    union = np.arange(rows.size, dtype=np.int32).reshape(rows.shape)
    some = train.images[rows.ravel()], train.labels[rows.ravel()]
    variables, seconds = timed(home.on_set, *some, moments=moments, rows=union)
    values, count = int(np.prod(train.images.shape[1:])), rows.shape[1]
    sent = traffic.set_bytes(count * values, count, dtype=np.uint8) + extra
    yield Trained("random", variables, seconds, count, sent)
    watch("trains on all images of the source")
    variables, seconds = timed(home.on_real, train, moments)
    sent = traffic.set_bytes(len(train) * values, len(train), dtype=np.uint8)
    yield Trained("whole", variables, seconds, len(train), sent)


def _outcome(one: Trained, name: str, *, scores: Any) -> Outcome:
    return Outcome(f"{_PREFIX}{one.name}{name}", scores, one.seconds, one.images, one.sent)
