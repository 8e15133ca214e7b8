"""Values of a column of patients that probably say that the patient is not known."""

import collections
import statistics
from collections.abc import Mapping

from medjax.data.pictures.table_rows import absent_labels
from medjax.data.pictures.tables.table import Row, Table, shown

_WORDS = ("anonymous", "anonym", "anonymized", "anonymised", "anon", "xxx", "x", "dummy", "test")
_PATIENTS, _TIMES, _SHARE = 8, 10, 10


def doubtful(table: Table, told: Mapping[Row, str]) -> list[str]:
    """Returns warnings of patients that several rows share, and that are perhaps none.

    Such a patient is a sign or a word such as ``-``, ``unknown`` or ``anonymous``. It is also any
    value of a tenth of the rows or more, and of ten times as many as are usual, among eight
    patients or more: a ``0`` or ``999`` of all that are not known.

    Args:
      table: the table.
      told: the patient of each row.
    """
    counts = collections.Counter(told.values())
    if not counts:
        return []
    found, usual = [], statistics.median(counts.values())
    for value, count in counts.most_common():
        word = absent_labels.says_nothing(value) or value.casefold() in _WORDS
        huge = count >= _TIMES * usual and count * _SHARE >= len(told) and len(counts) >= _PATIENTS
        if count > 1 and (word or huge):
            found.append(
                f"{table.path}: {count} of {len(told)} rows have the patient {shown(value)!r}, and "
                "count as one patient: if it means that none is known, give each of them another "
                "name"
            )
    return found
