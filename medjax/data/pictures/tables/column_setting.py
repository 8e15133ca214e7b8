"""The setting ``data.folder.columns``: the names of columns by their role."""

import re
from collections.abc import Mapping

from medjax.errors import UserError, unknown

ROLES = ("file", "label", "patient", "split")
"""What a column may hold."""
SETTING = "data.folder.columns"


def parse(setting: str) -> dict[str, str]:
    """Returns the columns that a setting names, by role.

    Raises:
      UserError: for a role that does not exist or is given twice, or text that is no list of names.

    Example:
      >>> parse("file=image_id, label=Finding Labels")
      {'file': 'image_id', 'label': 'Finding Labels'}
    """
    found = {}
    for role, name in pairs(setting, name=SETTING, example="file=image_id,label=dx"):
        if role not in ROLES:
            raise unknown(f"column in {SETTING}", role, ROLES)
        if role in found:
            raise UserError(f"{SETTING} gives {role} twice, {found[role]!r} and {name!r}: keep one")
        found[role] = name
    return found


def pairs(setting: str, *, name: str, example: str) -> list[tuple[str, str]]:
    """Splits ``"a=b,c=d"``, the value of the setting ``name``; a value may hold commas.

    There may be brackets around all of it, which keep it together behind a config's colon.

    Raises:
      UserError: if a part has no ``=``; the message shows the ``example``.
    """
    found, text = [], without_brackets(setting)
    for part in re.split(r",(?=\s*\w+\s*=)", text) if text else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(f'{name} takes pairs, as in "{example}"; got {setting!r}')
        found.append((key.strip(), value.strip()))
    return found


def without_brackets(setting: str) -> str:
    """Returns a setting without spaces around it, and without one pair of brackets around all.

    Example:
      >>> without_brackets(" (edema, mass (any))"), without_brackets("(left) mass, mass (any)")
      ('edema, mass (any)', '(left) mass, mass (any)')
    """
    text, depth = setting.strip(), 0
    if text[:1] + text[-1:] not in ("()", "[]"):
        return text
    for place, letter in enumerate(text):
        depth += (letter == text[0]) - (letter == text[-1])
        if not depth:
            return text[1:-1].strip() if place == len(text) - 1 else text
    return text


def joined(named: Mapping[str, str]) -> str:
    """Returns the value of the setting that names columns.

    Args:
      named: the columns, by role.
    """
    return ",".join(f"{role}={named[role]}" for role in ROLES if role in named)
