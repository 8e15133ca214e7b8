"""The words that studies of sites and of transfer give their runs, unless others are asked for."""

from collections.abc import Sequence

from medjax import methods

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
    if "init" in methods.options(method):
        words_for[method] = "distill.init=noise"
    return {"words": ",".join([*usual, *filter(None, [runs])]), "words_for": words_for}
