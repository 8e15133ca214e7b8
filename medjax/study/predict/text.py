"""The verdict on indicators as Markdown: every residual, both baselines, one plain sentence."""

import math
from collections.abc import Sequence

from medjax.study.indicator.names import EXPLORATORY, PRIMARY
from medjax.study.predict.outcomes import Outcome
from medjax.study.predict.residuals import FEWEST
from medjax.study.predict.verdicts import (
    FEWEST_TO_JUDGE,
    Judged,
    Target,
    is_known,
    judge_indicator,
)

_TARGETS = {"gain": "gain over random images (IOR)", "recovery": "chance-corrected recovery"}


def verdict_markdown(outcomes: Sequence[Outcome], *, method: str, ipc: int) -> str:
    """Formats how well each indicator predicts, the primary one first.

    Args:
      outcomes: the data sets, from ``outcomes_of``.
      method, ipc: what was distilled.

    Returns:
      Markdown: the verdict, a table of indicators for each target, and all leave-one-set-out
      residuals of the primary indicator.

    Raises:
      UserError: if fewer than three data sets have the primary indicator.
    """
    judged = [judge_indicator(outcomes, PRIMARY)]
    for name in EXPLORATORY:
        if sum(is_known(one, name) for one in outcomes) >= FEWEST_TO_JUDGE:
            judged.append(judge_indicator(outcomes, name))
    primary, others = judged[0], judged[1:]
    better = [one.name for one in others if one.gain.is_better]
    lines = [f"{method.upper()}, {ipc} images per class, points on test.", "", _sentence(primary)]
    if better:
        lines.append(f"Exploratory, with a smaller error than both baselines: {', '.join(better)}.")
    for target, title in _TARGETS.items():
        lines += ["", f"Prediction of {title}, each data set from the others:", ""]
        lines += _table(judged, target)
    return "\n".join([*lines, "", *_margins(primary), "", *_residuals(primary, outcomes)]) + "\n"


def _sentence(primary: Judged) -> str:
    gain, found = primary.gain, primary.gain.correlation
    verdict = "is useful" if primary.is_useful else "is not shown to be useful"
    errors = f"{gain.error:.1f} points, {gain.mean_gain_error:.1f} of random's accuracy + mean gain"
    return (
        f"The primary indicator, {primary.name}, {verdict} on {found.sets} data sets in "
        f"{found.families} families: the rank correlation with the gain over families is "
        f"{_number(found.over_families, 2)} (p {_chance(found.p)}), and the mean error {errors}."
    )


def _table(judged: Sequence[Judged], name: str) -> list[str]:
    heads = ["indicator", "sets", "families", "ρ, sets", "ρ, families", "p", "error"]
    heads += ["error, family left out", "error of the mean", "error of random + mean gain"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for number, one in enumerate(judged):
        target: Target = getattr(one, name)
        found = target.correlation
        shown = f"**{one.name}**" if number == 0 else one.name
        cells = [shown, str(found.sets), str(found.families)]
        cells += [_number(rho, 2) for rho in (found.over_sets, found.over_families)]
        cells.append(_chance(found.p))
        errors = target.error, target.family_error, target.mean_error, target.mean_gain_error
        lines.append(f"| {' | '.join(cells + [_number(error, 1) for error in errors])} |")
    return lines


def _margins(primary: Judged) -> list[str]:
    sets = primary.gain.correlation.sets
    if sets < FEWEST:
        return [f"No 95 % prediction interval: it takes {FEWEST} data sets, and there are {sets}."]
    gain, recovered = primary.gain.margin, primary.recovery.margin
    return [
        f"95 % prediction interval of a further data set: ±{gain:.1f} points of gain, "
        f"±{recovered:.1f} of recovery, each predicted without its family. Sets of one family "
        "count as data sets here, so that a set of a new family lies outside more often."
    ]


def _residuals(primary: Judged, outcomes: Sequence[Outcome]) -> list[str]:
    """Returns a table of all data sets, each predicted from the others."""
    known = {one.dataset: one for one in outcomes}
    heads = ["data set", "family", primary.name, "gain", "residual", "residual, family left out"]
    heads += ["recovery", "residual"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for number, name in enumerate(primary.datasets):
        one, gain, recovered = known[name], primary.gain, primary.recovery
        family = gain.family_residuals[number] if gain.family_residuals else math.nan
        numbers = [one.indicators[primary.name], one.gain.mean, gain.residuals[number], family]
        numbers += [one.recovery, recovered.residuals[number]]
        cells = [name, one.family, *(_number(value, 1) for value in numbers)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _chance(p: float) -> str:
    return "< 0.001" if p < 0.001 else _number(p, 3)


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
