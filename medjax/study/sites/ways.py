"""The ways in which several sites can train one classifier, and what each site reaches alone."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from medjax import coreset
from medjax.run.setup import Experiment
from medjax.study.sites.ensemble import score_ensemble
from medjax.study.sites.federated import federated
from medjax.study.sites.site import Site, moved, pooled_moments
from medjax.study.ways import traffic
from medjax.study.ways.classifiers import Classifiers, Moments
from medjax.study.ways.outcome import Outcome, mean_of, timed
from medjax.study.ways.part_distilling import Distilled, distil_split, images_of_each_class

_PREFIX = "sites/"


class Federation(NamedTuple):
    """Several sites, and how networks are trained.

    Attributes:
      experiment: of the whole set: the method, the network, the recipe and the splits to score on.
      sites: the sites.
      classifiers: the networks.
      moments: those of all images, from the sites' own.
      rounds: the number of rounds of federated averaging.
      watch: is told what is done next.
    """

    experiment: Experiment
    sites: Sequence[Site]
    classifiers: Classifiers
    moments: Moments
    rounds: int
    watch: Callable[[str], None]


def compare_ways(
    experiment: Experiment,
    sites: Sequence[Site],
    *,
    rounds: int,
    watch: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Trains and scores every way on the common splits of the whole set.

    - ``distilled_union``: each site distils alone; one network trains on the union.
    - ``random_union``: each site sends as many random real images, drawn for each network.
    - ``distilled_alone``, ``whole_alone``: the mean over sites of networks that a site trains on
      its distilled, or on all its images; ``…_alone_NAME`` is each of them, ``…_best`` the site
      with the best score on val (without val, the one with the most images).
    - ``ensemble``: the mean probability of the networks ``whole_alone``.
    - ``fedavg_1``: one-shot averaging of the sites' networks; ``fedavg_R``: in ``R`` rounds.
    - ``central``: all images in one place.

    A site alone and the ensemble normalise images by the site's own moments, all other ways by the
    pooled ones.

    Args:
      experiment: of the whole set, which ``check_distils`` accepts.
      sites: the sites.
      rounds: of federated averaging, at least 1.
      watch: is told what is done next.

    Returns:
      The outcomes; their names start with ``sites/``.
    """
    classifiers, moments = Classifiers.of(experiment), pooled_moments(sites)
    given = Federation(experiment, sites, classifiers, moments, rounds, watch)
    return [*_distilled(given), _random(given), *_whole(given), *_averaged(given), _central(given)]


def random_rows(key: Any, site: Site, experiment: Experiment, *, draws: int) -> np.ndarray:
    """Draws as many random images of a site as it distils, for each network.

    Args:
      key: PRNG key of the site.
      site: the site.
      experiment: of the whole set.
      draws: the number of networks.

    Returns:
      int ``[draws, m]``, rows of the site's images.
    """
    labels = site.train.labels
    each = images_of_each_class(experiment, labels)
    keys = jax.random.split(key, draws)
    return np.stack([coreset.random_subset(key, labels, each) for key in keys])


def _distilled(given: Federation) -> list[Outcome]:
    """Scores the union of what each site distils, and each site's own."""
    made: list[Distilled] = []
    before: list[float] = []
    for number, site in enumerate(given.sites):
        given.watch(f"distils at site {site.name}")
        key = jax.random.fold_in(given.experiment.keys["distill"], number)
        own, seconds = timed(
            distil_split, key, site.train, site.moments, experiment=given.experiment
        )
        made.append(own)
        before.append(seconds)
    pairs = list(zip(given.sites, made, strict=True))
    images = [moved(own.images, site.moments, given.moments) for site, own in pairs]
    labels = np.concatenate([own.labels for own in made])
    given.watch("trains on the distilled union")
    networks, seconds = timed(given.classifiers.on_set, np.concatenate(images), labels)
    scores = given.classifiers.score(networks, given.moments)
    stored = sum(own.stored[0] for own in made)
    values = sum(int(np.prod(own.stored)) for own in made)
    sent = traffic.set_bytes(values, stored, dtype=np.float32) + _sent_moments(given)
    joint = Outcome(f"{_PREFIX}distilled_union", scores, seconds + sum(before), stored, sent)
    alone = []
    for (site, own), distilling in zip(pairs, before, strict=True):
        given.watch(f"trains on the distilled images of site {site.name}")
        networks, seconds = timed(given.classifiers.on_set, own.images, own.labels)
        scores = given.classifiers.score(networks, site.moments)
        alone.append(Outcome(site.name, scores, distilling + seconds, own.stored[0], 0))
    return [joint, *_alone(given, "distilled", alone)]


def _random(given: Federation) -> Outcome:
    """Scores the union of random real images, of the size of the distilled union."""
    given.watch("trains on the union of random images")
    count, key = given.classifiers.count, given.experiment.keys["select"]
    images, labels, rows, first = [], [], [], 0
    for number, site in enumerate(given.sites):
        own_key = jax.random.fold_in(key, number)
        drawn = random_rows(own_key, site, given.experiment, draws=count)
        images.append(site.train.images[drawn.ravel()])
        labels.append(site.train.labels[drawn.ravel()])
        rows.append(first + np.arange(drawn.size, dtype=np.int32).reshape(drawn.shape))
        first += drawn.size
    # Networks share all draws; each trains on its own.
    own = np.concatenate(rows, axis=1)
    union = np.concatenate(images), np.concatenate(labels)
    networks, seconds = timed(given.classifiers.on_set, *union, moments=given.moments, rows=own)
    scores = given.classifiers.score(networks, given.moments)
    size = own.shape[1]
    values = size * int(np.prod(union[0].shape[1:]))
    sent = traffic.set_bytes(values, size, dtype=np.uint8) + _sent_moments(given)
    return Outcome(f"{_PREFIX}random_union", scores, seconds, size, sent)


def _whole(given: Federation) -> list[Outcome]:
    """Scores the networks of each site's real images, and their ensemble."""
    networks, alone = [], []
    for site in given.sites:
        given.watch(f"trains on all images of site {site.name}")
        found, seconds = timed(given.classifiers.on_real, site.train, site.moments)
        networks.append(found)
        scores = given.classifiers.score(found, site.moments)
        alone.append(Outcome(site.name, scores, seconds, len(site.train), 0))
    moments = [site.moments for site in given.sites]
    scores = score_ensemble(given.classifiers, networks, moments)
    seconds, images = sum(x.seconds for x in alone), sum(x.images for x in alone)
    sent = len(networks) * _model_bytes(networks[0]) + _sent_moments(given)
    ensemble = Outcome(f"{_PREFIX}ensemble", scores, seconds, images, sent)
    return [*_alone(given, "whole", alone), ensemble]


def _averaged(given: Federation) -> list[Outcome]:
    """Scores federated averaging in one shot, and in rounds."""
    found, images = [], sum(len(site.train) for site in given.sites)
    for rounds in sorted({1, given.rounds}):
        given.watch(f"federated averaging, rounds: {rounds}")
        networks, seconds = timed(
            federated, given.classifiers, given.sites, given.moments, rounds=rounds
        )
        scores = given.classifiers.score(networks, given.moments)
        sent = rounds * len(given.sites) * _model_bytes(networks) + _sent_moments(given)
        found.append(Outcome(f"{_PREFIX}fedavg_{rounds}", scores, seconds, images, sent))
    return found


def _central(given: Federation) -> Outcome:
    """Scores networks of all images, in one place."""
    given.watch("trains on all images in one place")
    train, moments = given.experiment.dataset.train, given.moments
    networks, seconds = timed(given.classifiers.on_real, train, moments)
    sent = traffic.set_bytes(int(np.prod(train.images.shape)), len(train), dtype=np.uint8)
    scores = given.classifiers.score(networks, moments)
    return Outcome(f"{_PREFIX}central", scores, seconds, len(train), sent)


def _alone(given: Federation, kind: str, alone: Sequence[Outcome]) -> list[Outcome]:
    """Names the outcomes of single sites, and adds their mean and the best one."""
    by, last = given.experiment.settings.evaluation.select_by, f"{_PREFIX}{kind}_"

    def rank(one: Outcome) -> tuple[float, int]:
        val = one.scores.get("val")
        return (val[by]["mean"] if val else 0.0), one.images

    count = len(alone)
    seconds, images = sum(x.seconds for x in alone) / count, sum(x.images for x in alone) // count
    mean = Outcome(f"{last}alone", mean_of([x.scores for x in alone]), seconds, images, 0)
    best = max(alone, key=rank)._replace(method=f"{last}best")
    return [mean, best, *(x._replace(method=f"{last}alone_{x.method}") for x in alone)]


def _model_bytes(variables: Any) -> int:
    """Returns the bytes of one of several networks."""
    return traffic.model_bytes([x.shape[1:] for x in jax.tree.leaves(variables)])


def _sent_moments(given: Federation) -> int:
    return len(given.sites) * traffic.moments_bytes(len(given.moments.mean))
