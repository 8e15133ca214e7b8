"""Federated averaging of networks: one shot, or several rounds."""

import logging
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from medjax.study.sites.site import Site
from medjax.study.ways.classifiers import Classifiers, Moments
from medjax.training import Training

_log = logging.getLogger("medjax")
_MORE = 1.5


def average(variables: Sequence[Any], weights: Sequence[float]) -> Any:
    """Averages the variables of networks: ``Σ w_i θ_i / Σ w_i``.

    Args:
      variables: a pytree for each site, of equal structure; batch norm's moments are averaged too.
      weights: the weight of each site, such as its number of images.

    Returns:
      The pytree of means.

    Example:
      >>> average([{"a": jnp.zeros(1)}, {"a": jnp.ones(1)}], [1, 3])["a"].tolist()
      [0.75]
    """
    shares = np.asarray(weights, np.float64) / np.sum(weights)

    def mean(*parts: Any) -> Any:
        total = sum(jnp.asarray(share, x.dtype) * x for share, x in zip(shares, parts, strict=True))
        return jnp.asarray(total)

    return jax.tree.map(mean, *variables)


def federated(
    classifiers: Classifiers, sites: Sequence[Site], moments: Moments, *, rounds: int
) -> Any:
    """Trains networks by federated averaging over the sites.

    All sites start from the same networks. In each round, every site trains them on its own images
    for an equal part of its epochs, from momentum zero, and their mean, weighted by numbers of
    images, is where the next round starts. One round is one-shot averaging. The epochs of a
    site are those of a training on its images alone, and the learning rate falls in the same way.

    Args:
      classifiers: the networks, and how long a site trains them.
      sites: the sites.
      moments: those that normalise the images of all sites, see ``pooled_moments``.
      rounds: the number of averages, at least 1.

    Returns:
      The variables of the last average, each array with a leading axis of networks.

    McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data",
    AISTATS 2017.
    """
    sizes = [len(site.train) for site in sites]
    started = [classifiers.start_on_real(site.train, moments, rounds=rounds) for site in sites]
    _warn_of_steps(classifiers, sites, started, rounds)
    for done in range(1, rounds + 1):
        trained = [x.until(x.schedule.num_epochs * done // rounds) for x in started]
        mean = average([x.variables() for x in trained], sizes)
        started = [x.restarted(mean) for x in trained]
    return mean


def _warn_of_steps(
    classifiers: Classifiers, sites: Sequence[Site], started: Sequence[Training], rounds: int
) -> None:
    """Logs a line for a site whose rounds of whole epochs take far more steps than asked for."""
    for site, training in zip(sites, started, strict=True):
        steps = classifiers.steps_of(len(site.train), training.schedule.num_epochs)
        if rounds > 1 and steps > _MORE * classifiers.steps:
            _log.warning(
                "site %s takes %d steps in %d rounds of whole epochs, not about %d: use fewer "
                "rounds, or a larger evaluation.whole_steps",
                *(site.name, steps, rounds, classifiers.steps),
            )
