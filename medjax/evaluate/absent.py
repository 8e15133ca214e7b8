"""Classes that a split has no image of: the scores on the split say nothing about them."""

from collections.abc import Mapping, Sequence

from medjax.errors import some

_LISTED = 10


def absent_lines(absent: Mapping[str, Sequence[str]]) -> list[str]:
    """Says which classes the scores say nothing about.

    Args:
      absent: the result of ``data.absent_classes``.

    Returns:
      A sentence for each list of classes; splits that lack the same classes share it.

    Example:
      >>> absent_lines({"val": ["3"], "test": ["3"]})
      ['There is no image of 3 in val and test, so the scores on them say nothing about it.']
    """
    lines = {}
    for split, classes in absent.items():
        lines.setdefault(tuple(classes), []).append(split)
    sentences = []
    for classes, splits in lines.items():
        names = some(classes, most=_LISTED)
        where, them = " and ".join(splits), "it" if len(classes) == 1 else "them"
        scores = "scores on them" if len(splits) > 1 else "scores on it"
        sentences.append(
            f"There is no image of {names} in {where}, so the {scores} say nothing about {them}."
        )
    return sentences
