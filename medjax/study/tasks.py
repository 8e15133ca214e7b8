"""The data sets of the study by name, and the family of each.

A family holds the tasks that share images or a generator. They resemble each other, so statistics
over tasks count families, see docs/STUDY.md.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from medjax.errors import unknown

MINOR, GREAT = "minor", "great"
"""Variation of a mixed task: classes of one modality, or each of another one."""

# Enough for any subset of the study, and few enough that one core trains on all of them.
_SIZE = "train(1000)|val(200)|test(400)"
_MIXED_SIZE = "grayscale|train(500)|val(100)|test(200)"
_MEDNIST, _CELLS = "mednist_28_derived", "bccd_cells_28_derived"
# Classes of MedNIST: 0 AbdomenCT, 1 BreastMRI, 2 CXR, 3 ChestCT, 4 Hand, 5 HeadCT.


class Task(NamedTuple):
    """A data set of the study.

    Attributes:
      name: in tables.
      data: the name for ``data.load``; a mixture's name is its recipe.
      family: tasks with which it shares images or a generator.
      variation: ``MINOR`` or ``GREAT`` of a mixed task, else empty.
    """

    name: str
    data: str
    family: str
    variation: str = ""


def _real() -> Iterator[Task]:
    yield Task("pneumoniamnist", "pneumoniamnist", "chest X-ray")
    yield Task("breastmnist", "breastmnist", "breast ultrasound")
    yield Task("retinamnist", "retinamnist", "fundus")
    yield Task("blood_cells", _CELLS, "blood cells")
    yield Task("mednist", _MEDNIST, "mednist")
    yield Task("mnist", "mnist", "mnist")
    yield Task("phantom", "phantom", "chest phantom")
    yield Task("phantom_cells", "phantom_cells", "cell phantom")


def _parts() -> Iterator[Task]:
    """Yields tasks of some classes of a set, or of the same set made harder."""
    for name, source, labels, family in (
        ("mednist_abdomen_chest_ct", _MEDNIST, "03", "mednist"),
        ("mednist_ct", _MEDNIST, "035", "mednist"),
        ("mednist_mri_head_ct", _MEDNIST, "15", "mednist"),
        ("mnist_3_8", "mnist", "38", "mnist"),
        ("mnist_4_9", "mnist", "49", "mnist"),
        ("mnist_3_5_8", "mnist", "358", "mnist"),
        ("phantom_nodules", "phantom", "01", "chest phantom"),
        ("phantom_effusion", "phantom", "03", "chest phantom"),
        ("phantom_cells_3", "phantom_cells", "012", "cell phantom"),
    ):
        classes = "+".join(f"{source}/{label}" for label in labels)
        yield Task(name, f"mix:{classes}|{_SIZE}", family)
    yield Task("phantom_noise", "mix:phantom|noise(0.15)", "chest phantom")
    yield Task("phantom_faint", "mix:phantom|contrast(0.4)|noise(0.05)", "chest phantom")
    yield Task("phantom_cells_noise", "mix:phantom_cells|noise(0.15)", "cell phantom")


def _mixed() -> Iterator[Task]:
    """Yields sets of four classes, in grey: colour would tell sources apart."""
    for name, variation, classes in (
        ("minor_x_ray", MINOR, f"pneumoniamnist/0+pneumoniamnist/1+{_MEDNIST}/2+{_MEDNIST}/4"),
        ("minor_chest", MINOR, f"pneumoniamnist/0+pneumoniamnist/1+{_MEDNIST}/2+phantom/3"),
        ("minor_cells", MINOR, f"{_CELLS}/0+{_CELLS}/1+{_CELLS}/2+phantom_cells/0"),
        ("great_a", GREAT, f"pneumoniamnist/1+breastmnist/0+{_MEDNIST}/5+{_MEDNIST}/1"),
        ("great_b", GREAT, f"pneumoniamnist/0+retinamnist/0+{_MEDNIST}/3+{_CELLS}/2"),
        ("great_c", GREAT, f"breastmnist/1+{_MEDNIST}/2+{_MEDNIST}/0+retinamnist/2"),
    ):
        yield Task(name, f"mix:{classes}|{_MIXED_SIZE}", "mixed", variation)


REAL, PARTS, MIXED = tuple(_real()), tuple(_parts()), tuple(_mixed())
"""Whole sets; parts of sets and harder ones; sets of classes from several sources."""
FINDINGS = (Task("phantom_findings", "phantom_findings", "chest phantom"),)
"""Multi-label sets, whose scores are AUROCs."""
TASKS = {task.name: task for task in (*REAL, *PARTS, *MIXED, *FINDINGS)}
"""All tasks by name."""


def task_of(name: str) -> Task:
    """Returns a task.

    Args:
      name: one of ``TASKS``.

    Raises:
      UserError: for another name, with the nearest.

    Example:
      >>> task_of("mnist_3_8").data.partition("|")[0]
      'mix:mnist/3+mnist/8'
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]


def family_of(name: str) -> str:
    """Returns the family of a data set; one that is no task is a family of its own.

    Args:
      name: a name in a table.

    Example:
      >>> family_of("mnist_3_8"), family_of("bloodmnist")
      ('mnist', 'bloodmnist')
    """
    return TASKS[name].family if name in TASKS else name


def words_for(tasks: Sequence[Task]) -> dict[str, str]:
    """Returns the words of a study's config that say which data tasks stand for.

    Args:
      tasks: the tasks.

    Example:
      >>> words_for([task_of("mednist"), task_of("mnist")])
      {'mednist': 'data.name=mednist_28_derived'}
    """
    return {task.name: f"data.name={task.data}" for task in tasks if task.data != task.name}
