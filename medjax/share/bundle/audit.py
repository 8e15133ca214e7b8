"""The audit of a run, as ``medjax.privacy`` leaves it in the workdir, and what of it may leave."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medjax.errors import UserError, printable


class Audit(NamedTuple):
    """What a bundle says of an audit.

    Attributes:
      verdict: what was tried and found, in sentences.
      scores: the outcome of each attack; ``None`` unless the site publishes them, because they are
        themselves about patients.
      alarm: whether a leak was found.
      unmeasured: why no attack on membership was tried; ``None`` if one was.
    """

    verdict: str
    scores: list[dict[str, Any]] | None
    alarm: bool
    unmeasured: str | None


def read_audit(workdir: Path, *, digest: str) -> Audit | None:
    """Reads ``audit.json`` in the workdir of a run.

    Args:
      workdir: the folder of the run.
      digest: the SHA-256 (hex) of the ``synthetic.npz`` that is packed.

    Returns:
      What a bundle says of it; ``None`` if the run was not audited.

    Raises:
      UserError: if the file is not the result of an audit, or of one of other images.

    Example:
      >>> read_audit(Path("runs/none"), digest="") is None
      True
    """
    path = workdir / "audit.json"
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        sentences = found["verdict"]
        sentences = [sentences] if isinstance(sentences, str) else sentences
        audit = Audit(
            printable(" ".join(sentences)),
            _scores(found),
            found["alarm"] is not False,
            _unmeasured(found),
        )
        audited = found["run"]["synthetic_sha256"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not the result of an audit; audit the run again") from error
    if not audit.verdict:
        raise UserError(f"{path} is not the result of an audit; audit the run again")
    if audited != digest:
        images = workdir / "synthetic.npz"
        raise UserError(f"{path} is the audit of other images than {images}; audit the run again")
    return audit


def _unmeasured(found: Mapping[str, Any]) -> str | None:
    reason = found.get("tried", {}).get("no_attacks_because")
    if found["attacks"] and reason is None:  # beside a reason, they are on canaries
        return None
    # An early audit gave no numbers.
    return printable(reason or "there are too few images")


def _scores(found: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    if found.get("publish") is not True:
        return None
    return [
        {
            "attack": printable(attack["name"]),
            "group": printable(attack["group"]),
            "members": attack["members"],
            "others": attack["others"],
            "auc": attack["auc"],
            "interval": list(attack["interval"]),
        }
        for attack in found["attacks"]
    ]
