"""An alarm of an earlier audit of the same images, which no further audit takes away."""

import dataclasses
import json
from pathlib import Path

from medjax.privacy.page import wording
from medjax.privacy.result import AuditResult

_EARLIER = "An earlier audit found: "
_SENTENCE = (
    "An alarm of an earlier audit of the same images stays; m audits raise a false one at most m "
    "times as often as one."
)


def keep_alarm(result: AuditResult, path: Path) -> AuditResult:
    """Returns a result with the alarm and the findings of the one that it replaces.

    Each audit has its own chance to miss a leak, so the last one does not decide alone. Otherwise
    an audit of fewer images, which sees less, would clear a set.

    Args:
      result: of the audit that ends.
      path: the ``audit.json`` that it replaces, if there is one. That of other images counts for
        nothing.

    Returns:
      The result, unchanged if there was no alarm before.

    Example:
      >>> empty = AuditResult(False, (), (), (), (), {}, {}, {}, {}, {}, False)
      >>> keep_alarm(empty, Path("nowhere/audit.json")) is empty
      True
    """
    lines = [line.removeprefix(_EARLIER) for line in _findings(path, result)]
    missed = tuple(f"{_EARLIER}{line}" for line in lines if line not in result.findings)
    if not missed:
        return result
    return dataclasses.replace(
        result,
        alarm=True,
        verdict=(wording.ALARM, *result.verdict[1:], _SENTENCE),
        findings=(*result.findings, *missed),
    )


def _findings(path: Path, result: AuditResult) -> list[str]:
    """Returns what an earlier audit of the same images found, if it raised an alarm."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same = found["run"]["synthetic_sha256"] == result.run["synthetic_sha256"]
        return [str(line) for line in found["findings"]] if same and found["alarm"] else []
    except (OSError, ValueError, LookupError, TypeError):
        return []
