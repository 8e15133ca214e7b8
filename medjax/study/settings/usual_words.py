"""The words that studies give their runs, unless others are asked for."""

from collections.abc import Iterable, Sequence

from medjax import methods

GRID = "quick,evaluation.augment=auto,evaluation.networks=3,evaluation.select_recipe=fast"
"""Words of all runs of a grid on a CPU: many sets of images, each judged by three networks."""
SCORED_FINDINGS = "evaluation.learning_rate=0.1"
"""Words for sets with findings, whose loss is a mean over them."""
_NPZ = {
    "blood_cells": "data.name=bccd_cells_28_derived",
    "mednist": "data.name=mednist_28_derived",
}
_SHORT = ("evaluation.whole_steps=1000", "evaluation.networks=3")
# MedNIST's central training then has two epochs, and that of a fifth of it has ten.
_LONGER = {"mednist": ("evaluation.whole_steps=1500",)}
_TINY = (
    "quick",
    "data.prepare=resize(16)",
    "net.width=4",
    "net.depth=1",
    "iterations=4",
    "evaluation.epochs=2",
    "evaluation.networks=2",
    "evaluation.whole_steps=20",
)


def usual_words(
    datasets: Sequence[str], runs: str, *, method: str, tiny: bool
) -> dict[str, str | dict[str, str]]:
    """Returns the words of all runs of a study, and those for its data sets and method.

    Three networks of each training have about 1000 steps on real images (MedNIST: 1500), and
    images start from noise where the method has a start.

    Args:
      datasets: names for ``data.load``, or ``blood_cells`` and ``mednist``, which are npz files in
        the data root.
      runs: words that replace these, see ``own_words.Words``.
      method: one of ``methods.names()``.
      tiny: whether the runs only show in seconds that all works.

    Returns:
      ``{"words", "words_for"}``, arguments of ``config.make``.

    Raises:
      UserError: for an unknown method.

    Example:
      >>> usual_words(["mednist"], "quick", method="dm", tiny=False)["words_for"]
      {'mednist': 'data.name=mednist_28_derived', 'dm': 'distill.init=noise'}
    """
    usual = list(_TINY if tiny else _SHORT)
    for name in datasets if not tiny else ():
        usual += _LONGER.get(name, ())
    words_for = {name: _NPZ[name] for name in datasets if name in _NPZ}
    words_for |= from_noise([method])
    return {"words": ",".join([*usual, *filter(None, [runs])]), "words_for": words_for}


def from_noise(names: Iterable[str]) -> dict[str, str]:
    """Returns the words with which methods start from noise, as images do that leave a site.

    Args:
      names: of ``methods.names()``; those of other things, and of methods without a start, have
        no words.

    Example:
      >>> from_noise(["random", "dm"])
      {'dm': 'distill.init=noise'}
    """
    known = set(methods.names())
    starting = [name for name in names if name in known and "init" in methods.options(name)]
    return dict.fromkeys(starting, "distill.init=noise")
