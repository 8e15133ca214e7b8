"""The audit of a finished run."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medjax import store
from medjax.data.inspect.duplicates import HASH_BITS
from medjax.errors import UserError
from medjax.privacy.canaries.attacks import CANARIES, trace_canaries
from medjax.privacy.canaries.bounds import check_installed
from medjax.privacy.case import finished
from medjax.privacy.case.case import Case, make_case
from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.deep.shadow_attacks import shadow_attacks
from medjax.privacy.default_tests import default_tests, own_networks
from medjax.privacy.earlier import keep_alarm
from medjax.privacy.page import wording
from medjax.privacy.page.audit_page import write_page
from medjax.privacy.result import AuditResult
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.decision import Decision, decide
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
    if default.no_start_because:
        tried["no_start_because"] = default.no_start_because
    tried["seconds"] = round(time.monotonic() - began, 1)
    decision = decide(default.attacks, deeper, default.copies)
    attacks = [*default.attacks, *deeper]
    more_fields = {"closeness": default.closeness, "epsilon": epsilon, "publish": publish}
    result = _result(case, decision, attacks, default.copies, tried, more_fields)
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


def _fewest(attacks: Sequence[Attack]) -> dict[str, int]:
    """Returns the least numbers of members and others that an attack on all images had.

    LiRA has no score of an image that all shadows had, or none.
    """
    on_all = [x for x in attacks if not x.group and x.name != CANARIES]
    if not on_all:
        return {}
    fewest = min(x.members for x in on_all), min(x.others for x in on_all)
    return dict(zip(("fewest_members", "fewest_others"), fewest, strict=True))


def _result(
    case: Case,
    decision: Decision,
    attacks: Sequence[Attack],
    copies: Sequence[CopyTest],
    tried: dict[str, Any],
    others: dict[str, Any],
) -> AuditResult:
    """Describes what was done and found."""
    population, pool, summary = case.scene.population, case.pool, case.run.summary
    counts = decision.tests, decision.deep_tests
    # An image without a group, as one with unknown findings can be, has no score.
    units, scored = population.units, population.groups.any(axis=1)
    members = len(np.unique(units[: population.members][scored[: population.members]]))
    outside = len(np.unique(units[population.members :][scored[population.members :]]))
    # Where the level is shared by more tests, only a larger leak is seen.
    detectable = evidence.detectable(members, outside, max(counts))
    names = dict.fromkeys(attack.name for attack in attacks)
    tried = {
        "attacks": list(names),
        "comparisons": list(dict.fromkeys(test.name for test in copies)),
        "tests": sum(counts),
        **({"deep_tests": decision.deep_tests} if decision.deep_tests else {}),
        "unit": "patient" if pool.by_patient else "image",
        "members": members,
        "others": outside,
        **_fewest(attacks),
        "distilled": int(case.inside.sum()),
        "left_out": pool.exact + pool.near,
        "left_out_exact": pool.exact,
        "left_out_near": pool.near,
        **tried,
    }
    if names.keys() <= {CANARIES}:
        tried["no_attacks_because"] = wording.too_few(tried)
        detectable = dict.fromkeys(detectable)
    about = ("method", "dataset", "init", "ipc", "seed", "num_images", "iterations")
    run = {name: summary.get(name) for name in about} | {"synthetic_sha256": case.run.digest}
    alarm = bool(decision.leaks or decision.copied)
    return AuditResult(
        alarm=alarm,
        verdict=tuple(wording.verdict(alarm, tried, detectable)),
        findings=tuple(wording.findings(decision.leaks, decision.copied)),
        attacks=tuple(attacks),
        copies=tuple(copies),
        detectable=detectable,
        tried=tried,
        run=run,
        **others,
    )
