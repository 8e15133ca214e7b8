"""The ensemble: the mean of probabilities, each under the moments of its own site."""

import jax
import numpy as np

from medjax import evaluate, training
from medjax.study.sites.ensemble import score_ensemble
from medjax.study.ways.classifiers import Moments


def test_one_site_is_its_networks_and_two_are_the_mean(make_site, make_classifiers):
    classifiers, site = make_classifiers(), make_site(16)
    net, test = classifiers.net, classifiers.benchmark.splits["test"]
    keys = jax.random.split(jax.random.key(0), 2)
    image = np.zeros((1, 8, 8, 1), np.float32)
    one = jax.vmap(net.init, in_axes=(0, None))(keys, image)
    two = jax.tree.map(lambda x: -2 * x, one)
    other = Moments(np.float32([0.2]), np.float32([0.5]))
    alone = score_ensemble(classifiers, [one], [site.moments])
    assert alone["test"]["auroc"] == classifiers.score(one, site.moments)["test"]["auroc"]
    both = score_ensemble(classifiers, [one, two], [site.moments, other])
    logits = [
        np.asarray(training.predict(net, some, test.images, stats=stats))
        for some, stats in ((one, site.moments), (two, other))
    ]
    mean = np.mean([evaluate.probabilities(x, task="multi-class") for x in logits], axis=0)
    expected = evaluate.score_probabilities(mean, test.labels, task="multi-class")
    for metric in ("accuracy", "auroc", "brier"):
        np.testing.assert_allclose(both["test"][metric]["values"], expected[metric])
