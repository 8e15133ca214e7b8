"""Published accuracies, each with the run of medjax that is compared with it.

Sources are marked as ``primary``, read in the paper or the code that it came with, or as
``transcribed``, somebody's copy of the number: a target, not a citation.
"""

from collections.abc import Iterator
from typing import NamedTuple

_DC_PAPERS = "DC (ICLR 2021) and DSA (ICML 2021), primary"
_IDC = "IDC (ICML 2022), README, primary"
_HOPTM = "HoP-TM (arXiv 2509.24177), table 1, transcribed"
_QUOTED = "quoted alike in several papers, transcribed"
_MEDMNIST = "MedMNIST v2 (Scientific Data 2023), primary"
# The schedule of the reference's evaluation and, for DC, its augmentation.
_PARITY = "evaluation.parity=True"
# What differs from the published run, whatever the words say.
_NETWORKS = "5 evaluation networks a set, for 20 on each of 5 sets"
_BEST = "selected on val, for the best of many scores on test"
_SIZE = "28 pixels padded to 32, for images resized to 32"


class Target(NamedTuple):
    """A published number and the run that is compared with it.

    Attributes:
      name: of the target.
      source: where it was published, and how it was read.
      published: percent, or AUROC times 100.
      spread: published standard deviation; ``None`` if there is none.
      method: the method that is run; its config makes the rest.
      dataset: a name for ``data.load``.
      words: settings of the run, as after a config's colon.
      scored: which score of ``summary.json`` is compared: ``test`` or a baseline.
      metric: of that score.
      differences: in what the run differs from the published one.
    """

    name: str
    source: str
    published: float
    spread: float | None
    method: str
    dataset: str
    words: str
    scored: str
    metric: str
    differences: str


def targets() -> list[Target]:
    """Returns all targets.

    Example:
      >>> len({target.name for target in targets()}) == len(targets())
      True
    """
    return [*_digits(), *_cifar(), *_path(), *_whole()]


class _Cell(NamedTuple):
    method: str
    dataset: str
    ipc: int


def _distilled(
    source: str,
    cell: _Cell,
    number: tuple[float, ...],
    differences: str,
    *,
    words: str = "",
) -> Target:
    """Returns the target of a distilled set; ``number`` is the mean, and perhaps the spread."""
    published, spread = number if len(number) == 2 else (*number, None)
    name = f"{cell.dataset.rpartition(':')[2]}_{cell.method}_{cell.ipc}"
    settings = ",".join(filter(None, [f"ipc={cell.ipc}", words]))
    where = cell.method, cell.dataset, settings, "test", "accuracy", differences
    return Target(name, source, published, spread, *where)


def _digits() -> Iterator[Target]:
    """MNIST and FashionMNIST, whose npz files a user puts into the data root."""
    for dataset, method, numbers in (
        ("mnist", "dc", ((91.7, 0.5), (97.4, 0.2), (98.8, 0.1))),
        ("mnist", "dsa", ((88.7, 0.6), (97.8, 0.1), (99.2, 0.1))),
        ("fashionmnist", "dc", ((70.5, 0.6), (82.3, 0.4), (83.6, 0.4))),
        ("fashionmnist", "dsa", ((70.6, 0.6), (84.6, 0.3), (88.7, 0.2))),
    ):
        for ipc, number in zip((1, 10, 50), numbers, strict=True):
            cell = _Cell(method, dataset, ipc)
            yield _distilled(_DC_PAPERS, cell, number, _NETWORKS, words=_PARITY)
    for dataset, numbers in (("mnist", (94.2, 98.4, 99.1)), ("fashionmnist", (81.0, 86.0, 86.2))):
        for ipc, number in zip((1, 10, 50), numbers, strict=True):
            differences = "last step, for the best of the release"
            yield _distilled(_IDC, _Cell("idc", dataset, ipc), (number,), differences)


def _cifar() -> Iterator[Target]:
    numbers = {
        "dc": (28.3, 44.9, 53.9),
        "dsa": (28.8, 52.1, 60.6),
        "dm": (26.0, 48.9, 63.0),
        "idm": (45.6, 58.6, 67.5),
        "mtt": (46.3, 65.3, 71.6),
        "datm": (46.9, 66.8, 76.1),
        "idc": (50.6, 67.5, 74.5),
    }
    for method, published in numbers.items():
        for ipc, number in zip((1, 10, 50), published, strict=True):
            differences, words = f"last step, for the best of many on test; {_NETWORKS}", ""
            if method in ("dc", "dsa", "dm"):
                differences, words = _NETWORKS, _PARITY
            cell = _Cell(method, "tfds:cifar10", ipc)
            yield _distilled(_QUOTED, cell, (number,), differences, words=words)


def _path() -> Iterator[Target]:
    numbers: dict[str, tuple[tuple[float, ...], ...]] = {
        "dm": ((38.4, 4.4), (62.9, 0.7), (67.0, 1.0)),
        "idm": ((50.4, 0.5), (69.3, 1.6), (72.7, 1.1)),
        "mtt": ((29.8, 1.1), (47.3, 0.4), (60.7, 1.0)),
        "datm": ((45.7,), (64.9,), (73.2,)),
        "hoptm": ((47.7,), (73.9,), (77.2,)),
    }
    for method, published in numbers.items():
        for ipc, number in zip((1, 5, 10), published, strict=True):
            cell = _Cell(method, "pathmnist", ipc)
            yield _distilled(_HOPTM, cell, number, f"{_BEST}; {_SIZE}")
    ncfm = "NCFM (CVPR 2025) on PathMNIST, transcribed"
    cell = _Cell("ncfm", "pathmnist", 10)
    yield _distilled(ncfm, cell, (80.4, 0.6), f"{_BEST}; {_SIZE}")


def _whole() -> Iterator[Target]:
    """ResNet-18 on all images: AUROC and accuracy."""
    numbers = {
        "pathmnist": (98.3, 90.7),
        "chestmnist": (76.8, 94.7),
        "dermamnist": (91.7, 73.5),
        "octmnist": (94.3, 74.3),
        "pneumoniamnist": (94.4, 85.4),
        "retinamnist": (71.7, 52.4),
        "breastmnist": (90.1, 86.3),
        "bloodmnist": (99.8, 95.8),
        "tissuemnist": (93.0, 67.6),
        "organamnist": (99.7, 93.5),
        "organcmnist": (99.2, 90.0),
        "organsmnist": (97.2, 78.2),
    }
    differences = (
        "SGD to a plateau on val with a DSA strategy, for 100 epochs of Adam without one; "
        "instance norm, for batch norm"
    )
    for dataset, pair in numbers.items():
        for metric, number in zip(("auroc", "accuracy"), pair, strict=True):
            run = "random", dataset, "net.name=resnet18,ipc=1", "whole", metric, differences
            yield Target(f"{dataset}_whole_{metric}", _MEDMNIST, number, None, *run)
