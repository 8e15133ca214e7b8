"""What a grid must know of a data set before any job runs."""

import functools
import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax import data
from medjax.run import datasets
from medjax.run.settings import DataSettings


class Facts(NamedTuple):
    """A data set in numbers.

    Attributes:
      digest: that of its content.
      class_sizes: training images of each class; of a multi-label set, of each group.
      images: training images.
      pixels: pixels of an image.
      info: names of classes and files, and the task.
    """

    digest: str
    class_sizes: tuple[int, ...]
    images: int
    pixels: int
    info: data.DatasetInfo


def facts_of(section: Mapping[str, Any]) -> Facts:
    """Loads a data set, once in a process, and returns what a grid must know of it.

    Args:
      section: the section ``data`` of a run's config.

    Raises:
      UserError: as ``data.load``.

    Example:
      >>> from medjax.run import config
      >>> facts_of(config.make("dm", "phantom", "").to_dict()["data"]).images
      2000
    """
    return _facts(json.dumps(dict(section), sort_keys=True))


@functools.cache
def _facts(section: str) -> Facts:
    dataset, _ = datasets.load_dataset(DataSettings.from_config(json.loads(section)))
    labels = dataset.train.labels
    groups = data.group_indices(labels, num_classes=dataset.num_classes)
    sizes = tuple(len(group) for group in groups)
    pixels = math.prod(dataset.train.images.shape[1:3])
    return Facts(dataset.info.digest, sizes, len(labels), pixels, dataset.info)
