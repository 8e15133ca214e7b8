"""A loaded data set: images and labels of each split, statistics, provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medjax.data.normalize import channel_stats
from medjax.data.prepare.preparation import Normalize, Preparation
from medjax.errors import printable


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels.

    Attributes:
      images: uint8 ``[n, h, w, c]``, 0–255, or whitened float32.
      labels: int32 ``[n]``, class numbers, or ``[n, L]``, zeros and ones of a multi-label set and
        ``types.IGNORED`` for what is not known.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self.images)


@dataclass(frozen=True)
class DatasetInfo:
    """What a data set is and where it came from.

    Its names and warnings are printable, whatever bytes the names of files have, see
    ``errors.printable``.

    Attributes:
      name: name of the set, without size or folder.
      task: ``"multi-class"``, ``"binary-class"``, ``"multi-label, binary-class"`` or
        ``"ordinal-regression"``, as MedMNIST writes them.
      classes: class names in label order.
      licence: licence of the images; ``"unknown"`` for a local file.
      source: the file read, or the generator.
      digest: MD5 (hex) of the file read, or of the generated arrays.
      official_digest: MD5 (hex) of the published file; None if none is published.
      augment: the DSA strategy that changes no label.
      skipped: name and reason of each unreadable file that was skipped.
      raw: by split, the sizes, dtypes and intensities of the files before conversion; see
        ``measuring.Tally``.
      cut: how the splits were made: ``""`` if they are the set's own, ``"patient"`` if the set was
        cut so that a patient's images stay in one split, ``"file"`` if it was cut file by file.
      warnings: what may be wrong with the set, found while it was listed and converted; one line
        each.
      files: by split, the name of each image's file; empty for an archive. Frames of one file have
        one name.
      patients: by split, the number of each image's patient; empty if patients are not known.
      made: by split, ``acquisition.FACTS`` of each picture before conversion, ``[n, 8]``; empty for
        an archive.
    """

    name: str
    task: str
    classes: tuple[str, ...]
    licence: str
    source: str
    digest: str
    official_digest: str | None
    augment: str
    skipped: tuple[tuple[str, str], ...] = ()
    raw: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    cut: str = ""
    warnings: tuple[str, ...] = ()
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    patients: Mapping[str, Sequence[int]] = field(default_factory=dict)
    made: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self):
        skipped = tuple((printable(name), printable(why)) for name, why in self.skipped)
        names = {"name": printable(self.name), "source": printable(self.source)}
        names |= {"classes": tuple(map(printable, self.classes)), "skipped": skipped}
        names["warnings"] = tuple(map(printable, self.warnings))
        for name, value in names.items():
            object.__setattr__(self, name, value)  # as dataclasses do for frozen ones


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set ready to distil.

    Attributes:
      info: task, class names and provenance.
      train: the training split.
      val: the validation split; None if the set has none.
      test: the test split.
      mean: float32 ``[c]``, pixel units (0–1), of the training split alone.
      std: float32 ``[c]``, pixel units (0–1), of the training split alone; at least 1/255.
      preparation: the steps applied to the decoded images, fitted to the training split; None for
        decoded images as they are.
    """

    info: DatasetInfo
    train: Split
    val: Split | None
    test: Split
    mean: np.ndarray
    std: np.ndarray
    preparation: Preparation | None = None

    @property
    def num_classes(self) -> int:
        """Number of classes, or of labels in a multi-label set."""
        return len(self.info.classes)

    @property
    def has_fixed_moments(self) -> bool:
        """Whether ``normalize(fixed)`` gave ``mean`` and ``std``."""
        last = self.preparation.last if self.preparation else None
        return isinstance(last, Normalize) and last.mode == "fixed"

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that the set has, by name: ``train``, perhaps ``val``, and ``test``."""
        named = {"train": self.train, "val": self.val, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}


def make_dataset(info: DatasetInfo, splits: dict[str, Split]) -> Dataset:
    """Makes a data set of ``train``, ``test`` and perhaps ``val``, and measures ``train``."""
    mean, std = channel_stats(splits["train"].images)
    return Dataset(info, splits["train"], splits.get("val"), splits["test"], mean, std)
