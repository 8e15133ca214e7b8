"""The scene of an audit: images whose membership is known, and their features in several spaces."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from medjax import data
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.tracing import features
from medjax.privacy.tracing.inputs import as_inputs, group_mask
from medjax.privacy.tracing.trace import group_means, nearness, trace

PIXELS, WHITENED, NETWORKS = "pixels", "whitened pixels", "random networks"
OWN_NETWORKS, NEAREST = "the run's own networks", "nearest synthetic image"
SEED = " (seed known)"
_KEY = 0xA0D17


class Scene(NamedTuple):
    """What attacks see.

    Attributes:
      target: the set that is attacked; its statistics normalise all images.
      images: uint8 ``[n, h, w, c]``, the members first, then the others.
      population: their groups, units and number of members.
      holdout: images that are neither.
      num_classes: number of classes or findings.
    """

    target: data.SharedSet
    images: np.ndarray
    population: Population
    holdout: data.Split
    num_classes: int

    def inputs(self, images: Any) -> np.ndarray:
        """Returns images as networks receive them, see ``inputs.as_inputs``."""
        return as_inputs(self.target, images)

    def groups(self, shared: data.SharedSet) -> np.ndarray:
        """Returns the groups of synthetic images, bool ``[s, G]``; of soft labels, the classes."""
        labels = np.asarray(shared.labels)
        if labels.ndim == 2 and not self._multi_label:
            labels = labels.argmax(axis=1)
        return group_mask(labels, num_classes=self.num_classes)

    @property
    def _multi_label(self) -> bool:
        return np.ndim(self.holdout.labels) == 2


class Space(NamedTuple):
    """Features of one kind.

    Attributes:
      name: one of the names of this module.
      make: maps inputs to features.
      features: float ``[n, f]`` of the images of the scene.
      centres: float ``[G, f]``, mean features by group of the holdout and of all these images.
    """

    name: str
    make: features.Features
    features: np.ndarray
    centres: np.ndarray

    def scores(
        self, scene: Scene, shared: data.SharedSet, *, start: np.ndarray | None = None
    ) -> np.ndarray:
        """Traces the images of a scene in a synthetic set.

        Args:
          scene: the images.
          shared: the synthetic set.
          start: float ``[s, h, w, c]`` in pixel units, the set before the first iteration, if that
            is known.

        Returns:
          Scores ``[n, G]``, see ``trace``.
        """
        groups, origin = scene.groups(shared), None
        if start is not None:
            origin = group_means(self.make(scene.inputs(start)), groups)
        synthetic = self.make(scene.inputs(shared.images))
        mask = scene.population.groups
        return trace(self.features, mask, synthetic, groups, self.centres, origin=origin)


def make_spaces(scene: Scene, net: Any, *, networks: int = features.NUM_NETWORKS) -> list[Space]:
    """Returns the spaces that need no knowledge of a seed: pixels, whitened, random networks.

    The features of networks are whitened as well.

    Args:
      scene: the images.
      net: the architecture of the networks, which have weights of their own.
      networks: the number of random networks.

    Returns:
      ``2 + networks`` spaces; those of networks have the same name.
    """
    made = [(PIXELS, features.pixels), (WHITENED, _whitened(scene, features.pixels))]
    drawn = features.random_features(jax.random.key(_KEY), net, count=networks)
    made += [(NETWORKS, _whitened(scene, make)) for make in drawn]
    return [_space(scene, name, make) for name, make in made]


def own_spaces(scene: Scene, net: Any, *, key: Any, iterations: int) -> list[Space]:
    """Returns spaces of the networks that a run of DM or auto matched in its second half.

    Args:
      scene: the images.
      net: the network of the run.
      key: the key of its distillation, which the seed determines.
      iterations: iterations of the run.

    Returns:
      One space for each network.
    """
    count = features.NUM_NETWORKS
    drawn = features.own_features(key, net, iterations=iterations, count=count)
    return [_space(scene, OWN_NETWORKS, _whitened(scene, make)) for make in drawn]


def by_name(spaces: Sequence[Space]) -> Iterator[tuple[str, list[Space]]]:
    """Yields the spaces of each name.

    Example:
      >>> spaces = [Space(name, features.pixels, None, None) for name in ("a", "b", "b")]
      >>> [(name, len(some)) for name, some in by_name(spaces)]
      [('a', 1), ('b', 2)]
    """
    for name in dict.fromkeys(space.name for space in spaces):
        yield name, [space for space in spaces if space.name == name]


def nearest_scores(scene: Scene) -> np.ndarray:
    """Returns minus the squared distance of pixels to the nearest image of the attacked set."""
    real, own = (
        features.pixels(scene.inputs(images)) for images in (scene.images, scene.target.images)
    )
    return nearness(real, scene.population.groups, own, scene.groups(scene.target))


def _whitened(scene: Scene, make: features.Features) -> features.Features:
    every = np.concatenate([scene.inputs(scene.holdout.images), scene.inputs(scene.images)])
    return features.whitened(make, every)


def _space(scene: Scene, name: str, make: features.Features) -> Space:
    holdout = make(scene.inputs(scene.holdout.images))
    mask = group_mask(scene.holdout.labels, num_classes=scene.num_classes)
    found = np.asarray(make(scene.inputs(scene.images)))
    # A mean over few images would hide the leak in its own error; members and others count alike.
    every, masks = (np.concatenate(x) for x in ((holdout, found), (mask, scene.population.groups)))
    return Space(name, make, found, group_means(every, masks))


def moved(space: Space, scene: Scene) -> Space:
    """Returns a space with the features of another scene's images."""
    return space._replace(features=np.asarray(space.make(scene.inputs(scene.images))))
