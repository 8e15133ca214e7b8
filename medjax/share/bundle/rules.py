"""What may leave a site: the rules that a run has to meet, and what is marked on its card."""

from medjax import methods
from medjax.data import parse_preparation
from medjax.data.prepare.windowing import PercentileClip
from medjax.errors import UserError
from medjax.share.bundle.finished import FinishedRun
from medjax.types import MULTI_LABEL

_ALARM = "an audit found that such images reveal which images they were made from"
_START = "its images started from real images, which they may still show"
_TEACHER = "its labels are outputs of a network of all real training images"
_LEARNED = "its labels started as outputs of networks of the real training images"
_WHITENED = "it holds the mean of all real training images, and a factor of their covariance"
_FEW = "a class has one real image, which its synthetic images may repeat"
_UNMEASURED = (
    "its audit could try no attack on membership, so nothing is known of whether they reveal which "
    "images they were made from"
)
_ROWS = "its label rows are copies of rows of real images"
_EXTREMES = "its preparation records the least or the greatest pixel value of the real images"


def check_may_leave(run: FinishedRun, *, allow_real_init: bool) -> list[str]:
    """Refuses a run whose images must not leave the site.

    Core-sets are refused always. What can show patients, or tells much of them, is refused unless
    the run was audited and the user allows it; so is a run whose audit raised an alarm. An audit
    that tried no attack on membership is not enough.

    Args:
      run: the run.
      allow_real_init: whether the user allows what an audit has looked at.

    Returns:
      What the card says of the images beside that they are synthetic, one sentence each.

    Raises:
      UserError: if the images must not leave.
    """
    method, where = str(run.summary["method"]), run.workdir
    if method in methods.names() and methods.real_parts(method) is not None:
        raise UserError(
            f"{where} is a core-set ({method}): its images are patients' images, which never go "
            "into a bundle; distil some, as with configs/dm.py:distill.init=noise"
        )
    found = risks(run)
    if found and run.audit is None:
        raise UserError(
            f"{where} may not be packed: {'; '.join(found)}. Start from noise, or audit the run "
            f"(python -m medjax.privacy audit --workdir={where}) and add --allow_real_init"
        )
    if found and run.audit is not None and run.audit.unmeasured:
        noise = "Start from noise, or distil" if _START in found else "Distil"
        raise UserError(
            f"{where} may not be packed: {'; '.join(found)}; and its audit tried no attack on "
            f"membership ({run.audit.unmeasured}). {noise} more real images and audit that run"
        )
    if found and not allow_real_init:
        raise UserError(
            f"{where} may not be packed: {'; '.join(found)}. Read its audit, then add "
            "--allow_real_init, which the card will say"
        )
    return found + _remarks(run)


def risks(run: FinishedRun) -> list[str]:
    """Returns why the images of a run may show patients or tell much of them, in a sentence each.

    Args:
      run: the run.
    """
    summary = run.summary
    labels = summary.get("labels") or "hard"
    found = {
        _ALARM: run.audit is not None and run.audit.alarm,
        _START: summary["init"] != "noise",
        _TEACHER: labels == "teacher",
        _LEARNED: labels == "learned",
        _WHITENED: run.shared.zca is not None,
        _FEW: _has_one_image(run),
    }
    return [sentence for sentence, holds in found.items() if holds]


def _has_one_image(run: FinishedRun) -> bool:
    """Returns whether a class or finding is known to have a single real image."""
    if "smallest_group" in run.summary["data"]:
        return bool(run.summary["data"]["smallest_group"] == 1)
    # Of an older run, only one image of several that it should have had tells.
    ipc, have = run.summary["ipc"], run.summary["baseline_ipc"]
    have = have if isinstance(have, list) else [have]
    wanted = ipc if isinstance(ipc, list) else [ipc] * len(have)
    return any(h == 1 < w for h, w in zip(have, wanted, strict=True))


def _remarks(run: FinishedRun) -> list[str]:
    """Returns what is no reason to refuse a run, but stands on the card."""
    steps = parse_preparation(str(run.shared.preparation or "")).steps
    clips = [step for step in steps if isinstance(step, PercentileClip)]
    found = {
        _UNMEASURED: run.audit is not None and run.audit.unmeasured is not None,
        _ROWS: run.summary["data"]["task"] == MULTI_LABEL,
        _EXTREMES: any(step.low <= 0 or step.high >= 100 for step in clips),
    }
    return [sentence for sentence, holds in found.items() if holds]
