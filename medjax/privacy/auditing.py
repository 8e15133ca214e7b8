"""The audit of a finished run."""

import time
from pathlib import Path
from typing import Any

from medjax import store
from medjax.data.inspect.duplicates import HASH_BITS
from medjax.errors import UserError
from medjax.privacy.canaries.attacks import trace_canaries
from medjax.privacy.canaries.bounds import check_installed
from medjax.privacy.case import finished
from medjax.privacy.case.case import make_case
from medjax.privacy.deep.shadow_attacks import shadow_attacks
from medjax.privacy.default_tests import default_tests, own_networks
from medjax.privacy.describing import described
from medjax.privacy.earlier import keep_alarm
from medjax.privacy.page.audit_page import write_page
from medjax.privacy.result import AuditResult
from medjax.privacy.statistics.membership import Attack
from medjax.privacy.tracing import spaces
from medjax.run.metrics import write_json

IMAGES, SHADOWS, NEAR = 2000, 16, 8
"""Defaults of ``audit``."""
_LEAST_IMAGES, _LEAST_SHADOWS = 20, 4
_SIDES = ("included", "others")  # of canaries


def audit(
    workdir: str | Path,
    *,
    deep: bool = False,
    publish: bool = False,
    images: int = IMAGES,
    shadows: int = SHADOWS,
    near: int = NEAR,
) -> AuditResult:
    """Tries attacks on the synthetic images of a finished run, and writes what they show.

    A run distils its whole training split, which leaves no images of the same split to compare its
    members with. So a random half is distilled again with the run's own settings, in
    ``workdir/audit``; the images of the other half are the others. Copies are left out before, and
    a patient is in one half. The same call resumes a stopped audit.

    Args:
      workdir: the folder of the run; ``audit.json`` and ``audit.html`` are written to it.
      deep: also tries LiRA and RMIA over shadow distillations, and canaries. Takes ``2 · shadows``
        further distillations, and one for the canaries.
      publish: whether the site agrees to send the result with the images.
      images: members, and others, that attacks are tried on at most.
      shadows: shadow distillations by other seeds, and by the run's own.
      near: the most bits, of 256, in which perceptual hashes of near copies differ.

    Returns:
      The result.

    Raises:
      UserError: if there is no finished run, its data is not there or has changed, a class is too
        small for half of it to be distilled, or an option is out of range.
      RunError: if a distillation fails.

    Example:
      >>> audit("nowhere")
      Traceback (most recent call last):
      medjax.errors.UserError: nowhere holds no finished run: it has no readable summary.json
    """
    _check(deep, images=images, shadows=shadows, near=near)
    began = time.monotonic()
    run = finished.read(store.expand_user(workdir))
    case = make_case(run, images=images, near=near)
    made = spaces.make_spaces(case.scene, run.net())
    own = own_networks(case)
    default, deeper = default_tests(case, made, own, images=images), list[Attack]()
    tried: dict[str, Any] = {"runs": 1}
    epsilon: dict[str, Any] = {}
    if deep:
        deeper = shadow_attacks(case, made, own=own, shadows=shadows)
        more, epsilon, why_not = trace_canaries(case, made)
        deeper += more
        tried = {"runs": 1 + 2 * shadows + bool(epsilon), "shadows": 2 * shadows}
        tried |= {"no_canaries_because": why_not} if why_not else {}
        tried |= {"canaries": sum(epsilon["all"][x] for x in _SIDES)} if epsilon else {}
    tried["seconds"] = round(time.monotonic() - began, 1)
    result = described(case, default, deeper, tried, epsilon=epsilon, publish=publish)
    path = run.workdir / "audit.json"
    result = keep_alarm(result, path)
    write_json(path, result.asdict())
    write_page(run.workdir / "audit.html", result)
    return result


def _check(deep: bool, *, images: int, shadows: int, near: int) -> None:
    """Checks the options before hours of distilling."""
    if deep:
        check_installed()
    if images < _LEAST_IMAGES:
        raise UserError(f"images must be at least {_LEAST_IMAGES}, got {images}")
    if shadows < _LEAST_SHADOWS:
        raise UserError(f"shadows must be at least {_LEAST_SHADOWS}, got {shadows}")
    if not 0 <= near < HASH_BITS // 2:
        raise UserError(f"near must be 0–{HASH_BITS // 2 - 1} bits, got {near}")
