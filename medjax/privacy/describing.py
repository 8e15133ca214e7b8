"""The result of an audit from its outcomes: the decision, what was tried, and the words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax.privacy.canaries.attacks import CANARIES
from medjax.privacy.case.case import Case
from medjax.privacy.default_tests import DefaultTests
from medjax.privacy.page import wording
from medjax.privacy.result import AuditResult
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.decision import Decision, decide
from medjax.privacy.statistics.membership import Attack

_RUN = ("method", "dataset", "init", "ipc", "seed", "num_images", "iterations")


def described(
    case: Case,
    default: DefaultTests,
    deeper: Sequence[Attack],
    done: Mapping[str, Any],
    *,
    epsilon: dict[str, Any],
    publish: bool,
) -> AuditResult:
    """Decides, and describes what was done and found.

    Args:
      case: the case.
      default: the outcomes of each audit.
      deeper: those of shadows and canaries.
      done: the numbers of distillations, canaries and seconds.
      epsilon: bounds of ε from canaries, by kind.
      publish: whether the site agrees to send the result with the images.

    Returns:
      The result.
    """
    attacks = (*default.attacks, *deeper)
    decision = decide(default.attacks, deeper, default.copies)
    tried = _tried(case, decision, attacks, default) | done
    # Where the level is shared by more tests, only a larger leak is seen.
    most = max(decision.tests, decision.deep_tests)
    detectable = evidence.detectable(tried["members"], tried["others"], most)
    if {attack.name for attack in attacks} <= {CANARIES}:
        tried["no_attacks_because"] = wording.too_few(tried)
        detectable = dict.fromkeys(detectable)
    alarm = bool(decision.leaks or decision.copied)
    run = {name: case.run.summary.get(name) for name in _RUN}
    return AuditResult(
        alarm=alarm,
        verdict=tuple(wording.verdict(alarm, tried, detectable)),
        findings=tuple(wording.findings(decision.leaks, decision.copied)),
        attacks=attacks,
        copies=tuple(default.copies),
        detectable=detectable,
        tried=tried,
        run=run | {"synthetic_sha256": case.run.digest},
        closeness=default.closeness,
        epsilon=epsilon,
        publish=publish,
    )


def _tried(
    case: Case, decision: Decision, attacks: Sequence[Attack], default: DefaultTests
) -> dict[str, Any]:
    """Returns the numbers of what was tried, as ``audit.json`` holds them."""
    population, pool = case.scene.population, case.pool
    # An image without a group, as one with unknown findings can be, has no score.
    units, scored = population.units, population.groups.any(axis=1)
    sides = slice(None, population.members), slice(population.members, None)
    members, others = (len(np.unique(units[side][scored[side]])) for side in sides)
    why_not = default.no_start_because
    return {
        "attacks": list(dict.fromkeys(attack.name for attack in attacks)),
        "comparisons": list(dict.fromkeys(test.name for test in default.copies)),
        **({"no_start_because": why_not} if why_not else {}),
        "tests": decision.tests + decision.deep_tests,
        **({"deep_tests": decision.deep_tests} if decision.deep_tests else {}),
        "unit": "patient" if pool.by_patient else "image",
        "members": members,
        "others": others,
        **_fewest(attacks),
        "distilled": int(case.inside.sum()),
        "left_out": pool.exact + pool.near,
        "left_out_exact": pool.exact,
        "left_out_near": pool.near,
    }


def _fewest(attacks: Sequence[Attack]) -> dict[str, int]:
    """Returns the least numbers of members and others that an attack on all images had.

    LiRA has no score of an image that all shadows had, or none.
    """
    on_all = [x for x in attacks if not x.group and x.name != CANARIES]
    if not on_all:
        return {}
    fewest = min(x.members for x in on_all), min(x.others for x in on_all)
    return dict(zip(("fewest_members", "fewest_others"), fewest, strict=True))
