"""Words that stand for a patient in the names of files and folders."""

import re

_PATIENT = re.compile(
    r"(pat(ient)?(en|in)?|mrn|pid|subj(ect)?|sub|person|proband(in)?)[ _-]*\d*", re.IGNORECASE
)


def is_patient(word: str) -> bool:
    """Returns whether a word stands for a patient, perhaps with a number.

    Example:
      >>> is_patient("PAT007"), is_patient("sub-01"), is_patient("grade2")
      (True, True, False)
    """
    return _PATIENT.fullmatch(word) is not None
