"""Arrays of labels as people save them: whole numbers, names, and rows of findings."""

from collections.abc import Mapping, Sequence

import numpy as np

from medjax.data.class_names import in_order, unified
from medjax.errors import UserError, some

_LISTED = 10
_INTEGERS, _NUMBERS, _TEXT = "iub", "iubf", "US"


def flatten(what: str, labels: np.ndarray) -> np.ndarray:
    """Returns labels ``[n]``, or rows ``[n, L]``, from ``[n]``, ``[n, 1]`` or ``[n, L]``.

    Raises:
      UserError: for another shape; ``what`` names the array.

    Example:
      >>> flatten("labels", np.zeros((3, 1))).shape
      (3,)
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim not in (1, 2) or 0 in labels.shape[1:]:
        raise UserError(f"{what} has shape {labels.shape}; needs (n,), (n, 1) or (n, L)")
    return labels


def read_rows(what: str, labels: np.ndarray) -> np.ndarray:
    """Returns rows of findings ``[n, L]`` as int32 zeros and ones.

    Args:
      what: the array in messages.
      labels: numbers or truth values.

    Raises:
      UserError: for any other value, such as -1 or NaN for an uncertain finding.

    Example:
      >>> read_rows("labels", np.array([[0.0, 1.0]])).tolist()
      [[0, 1]]
    """
    if labels.dtype.kind not in _NUMBERS:
        raise UserError(f"{what} is {labels.dtype}; label rows hold 0 or 1")
    wrong = labels[(labels != 0) & (labels != 1)]
    if not wrong.size:
        return labels.astype(np.int32)
    if (uncertain := np.isnan(wrong)).any() or (wrong == -1).any():
        value = "-1" if (wrong == -1).any() else f"NaN ({uncertain.sum()} times)"
        raise UserError(
            f"{what} holds {value}, which looks like an uncertain or unknown finding; label rows "
            "hold 0 or 1: save one of them in its place, as in np.where(labels == 1, 1, 0)"
        )
    raise UserError(
        f"{what} holds {wrong[0]}; choose labels in 0–1 for rows of findings, or save "
        "labels.argmax(axis=1) if a row holds the scores of classes"
    )


def read_classes(
    where: str, labels: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Returns class numbers, and the names of the classes that occur in ``train``.

    Classes are ordered by value if all are numbers, and otherwise by name. Labels that are 0, 1, 2
    and so on stay as they are.

    Args:
      where: the file in messages.
      labels: by split, ``[n]``, whole numbers of any real dtype, or names as text or UTF-8 bytes.

    Returns:
      ``(labels, classes)``: int32 ``[n]`` by split, and the names.

    Raises:
      UserError: for other values, fewer than two classes, or a class that ``train`` lacks.

    Example:
      >>> labels, classes = read_classes("a.npz", {"train": np.array(["10", "2", "10"])})
      >>> labels["train"].tolist(), classes
      ([1, 0, 1], ('2', '10'))
    """
    found = {split: distinct(f"{where}: {split}_labels", x) for split, x in labels.items()}
    same = unified(name for names, _ in found.values() for name in names)
    classes = in_order({same[name] for name in found["train"][0]})
    if len(classes) < 2:
        only = f"train_labels holds only class {classes[0]}"
        raise UserError(f"{where}: {only}; needs two classes or more")
    number_of = {name: number for number, name in enumerate(classes)}
    numbered = {}
    for split, (names, places) in found.items():
        for name in names:
            if same[name] not in number_of:
                has = f"train_labels holds only {some(classes, most=_LISTED)}"
                raise UserError(f"{where}: {split}_labels holds {name}; {has}")
        numbers = [number_of[same[name]] for name in names]
        numbered[split] = np.array(numbers, np.int32)[places]
    return numbered, classes


def read_numbers(what: str, labels: np.ndarray, *, classes: Sequence[str]) -> np.ndarray:
    """Returns the labels of a set whose classes are known, as int32.

    Args:
      what: the array in messages.
      labels: integers ``[n]`` in ``0 … len(classes) - 1``.
      classes: the names of the classes.

    Raises:
      UserError: for any other label.

    Example:
      >>> read_numbers("labels", np.array([1, 0], np.uint8), classes=["a", "b"]).tolist()
      [1, 0]
    """
    if labels.dtype.kind not in _INTEGERS:
        raise UserError(f"{what} is {labels.dtype}; needs integers")
    for label in (labels.min(), labels.max()):
        if not 0 <= label < len(classes):
            raise UserError(f"{what} holds {label}; choose labels in 0–{len(classes) - 1}")
    return labels.astype(np.int32)


def distinct(what: str, labels: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Returns the names of the distinct labels.

    Args:
      what: the array in messages.
      labels: as for ``read_classes``, ``[n]``.

    Returns:
      ``(names, places)``: the names, those of numbers without a point; and for each label the place
      of its name.

    Raises:
      UserError: for values that name no class.

    Example:
      >>> names, places = distinct("labels", np.array([2.0, 1.0, 2.0]))
      >>> names, places.tolist()
      (['1', '2'], [1, 0, 1])
    """
    if labels.dtype.kind not in _NUMBERS + _TEXT:
        raise UserError(f"{what} is {labels.dtype}; needs whole numbers or names")
    values, places = np.unique(labels, return_inverse=True)
    if labels.dtype.kind in _TEXT:
        return _text(what, values), places
    if labels.dtype.kind == "f":
        wrong = values[~(np.isfinite(values) & (values == np.rint(values)))]
        if wrong.size:
            raise UserError(f"{what} holds {wrong[0]}; needs whole numbers or names")
    if -1 in values and 0 in values:
        raise UserError(
            f"{what} holds the negative label -1 beside 0, as images without a label have: "
            "remove them, or number the classes from 0"
        )
    return [str(int(value)) for value in values], places


def _text(what: str, values: np.ndarray) -> list[str]:
    if values.dtype.kind == "S":
        try:
            values = np.strings.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{what} holds bytes that are not UTF-8; save text") from error
    names = [str(value).strip() for value in values]
    if "" in names:
        raise UserError(f"{what} holds an empty name; name the class, or remove its images")
    return names
