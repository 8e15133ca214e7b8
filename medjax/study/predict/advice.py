"""A forecast in words: what was measured, what is expected, and whether to distil at all."""

import math
from collections.abc import Mapping, Sequence

from medjax.run.report.prose import duration
from medjax.study.indicator.measuring import Measured
from medjax.study.indicator.names import PRIMARY
from medjax.study.predict.prediction import Forecast, recommended
from medjax.study.predict.verdicts import FEWEST_TO_JUDGE

_METRICS = {"balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}


def measured_line(measured: Measured, *, dataset: str, ipc: int) -> str:
    """Says what was measured.

    Args:
      measured: the measurement.
      dataset: the name of the data set.
      ipc: images per class.

    Example:
      >>> found = Measured({"slope": 12.0}, 0.7, 0.9, 0.5, "balanced_accuracy", "val")
      >>> print(measured_line(found, dataset="scans", ipc=10))
      scans, 10 images per class: random images reach 70.0, all images 90.0, chance is 50.0 \
(balanced accuracy on val); ten times as many random images gain 12.0 points.
    """
    scores = (100 * score for score in (measured.random, measured.whole, measured.chance))
    reached = "random images reach {:.1f}, all images {:.1f}, chance is {:.1f}".format(*scores)
    return (
        f"{dataset}, {ipc} images per class: {reached} ({_METRICS[measured.metric]} on "
        f"{measured.split}); ten times as many random images gain "
        f"{measured.values[PRIMARY]:.1f} points."
    )


def advice(found: Sequence[Forecast]) -> str:
    """Says whether to distil, with what, and why.

    Args:
      found: from ``forecasts``.

    Returns:
      One or two sentences.

    Example:
      >>> advice([])
      'The study has no three data sets with these images per class: cannot predict.'
    """
    if not found:
        return "The study has no three data sets with these images per class: cannot predict."
    best = recommended(found)
    if best is None:
        open_ones = [one for one in found if not one.is_futile] or found
        most = max(open_ones, key=lambda one: (one.wins, one.gain))
        return f"{_refusal(open_ones)} {_named(most)} {_record(most)}, and {_expected(most)}."
    cost = "" if math.isnan(best.seconds) else f", about {duration(best.seconds)} a set"
    return (
        f"Distil with {_named(best)}{cost}: expected {best.gain:+.1f} points over random images "
        f"(predictions are off by {best.error:.1f} on average), which is "
        f"{100 * best.score:.1f} and recovers {best.recovery:.0f} % of what all images add to "
        f"chance. It {_record(best)}."
    )


def forecast_lines(found: Sequence[Forecast]) -> list[str]:
    """Lists the forecasts, and under each the data sets like this one with their residuals.

    Args:
      found: from ``forecasts``.

    Example:
      >>> forecast_lines([])
      []
    """
    lines = []
    for one in found:
        margin = "" if math.isnan(one.margin) else f", 95 % prediction margin ±{one.margin:.1f}"
        lines.append(
            f"{_named(one)}: {one.gain:+.1f} points over random images, recovery "
            f"{one.recovery:.0f} %; by {one.by} on {one.sets} data sets, off by {one.error:.1f} on "
            f"average{margin}"
        )
        lines += [
            f"  {other.dataset}: slope {other.slope:.1f}, gained {other.gain:+.1f}, residual "
            f"{other.residual:+.1f}, {other.verdict} (the best random images)"
            for other in one.alike
        ]
    return lines


def as_json(
    measured: Mapping[int, Measured], found: Sequence[Forecast] | None, *, message: str
) -> dict:
    """Returns everything that the command knows, for other programs.

    Args:
      measured: the measurements by images per class.
      found: the forecasts; ``None`` without a study's table.
      message: the advice, or why there is none.

    Example:
      >>> as_json({}, None, message="no study table: cannot predict")["forecasts"] is None
      True
    """
    best = recommended(found) if found else None
    listed = None
    if found is not None:
        listed = [{**one._asdict(), "alike": [a._asdict() for a in one.alike]} for one in found]
    chosen = None if best is None else {"method": best.method, "ipc": best.ipc}
    return {
        "measured": {str(ipc): one._asdict() for ipc, one in measured.items()},
        "forecasts": listed,
        "recommended": chosen,
        "message": message,
    }


def _refusal(found: Sequence[Forecast]) -> str:
    """Says why nothing is recommended: there is no gain, none is shown, or nobody can tell."""
    if any(one.is_futile for one in found):  # then all are
        return "Do not distil: random images do as well."
    if all(one.judged < FEWEST_TO_JUDGE for one in found):
        return (
            "Cannot tell whether to distil: too few of the data sets most like it have several "
            "seeds and a val split."
        )
    return "A gain over the best random images is not shown; more seeds may show one."


def _record(forecast: Forecast) -> str:
    wins, judged, alike = forecast.wins, forecast.judged, len(forecast.alike)
    can_tell = "" if judged == alike else f", of which {judged} can tell"
    return f"beats the best random images on {wins} of the {alike} data sets most like it{can_tell}"


def _expected(forecast: Forecast) -> str:
    return f"is expected to gain {forecast.gain:+.1f} points over the mean of random images"


def _named(forecast: Forecast) -> str:
    return f"{forecast.method.upper()} at {forecast.ipc} images per class"
