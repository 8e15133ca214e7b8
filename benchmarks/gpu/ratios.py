"""Rows b: the time of steps, trainings and an epoch, beside the PyTorch reference."""

import statistics
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import cases
import engine
import floor
import jax
import timing

from gpu import context

REPEATS = 3
# The reference's steps are slower and wait for Python, so fewer of them are as exact.
_OUR_STEPS, _THEIR_STEPS = 50, {"dm": 10, "dsa": 4, "dc": 4}


def rates(ctx: context.Context) -> None:
    """Measures a large matrix product in each precision, and a copy."""
    for precision in ("float32", "tf32", "bfloat16"):
        with ctx.part(f"b rate {precision}"):
            probe = _small_probe() if ctx.tiny else floor.matmul(precision)
            seconds = _spread(probe.run)
            rate = probe.amount / seconds["median"] / 1e12
            ctx.emit(f"b rate {precision}", precision=precision, teraflop_per_s=rate)
    with ctx.part("b rate copy"):
        probe = _small_probe() if ctx.tiny else floor.copy()
        seconds = _spread(probe.run)
        ctx.emit("b rate copy", gigabytes_per_s=probe.amount / seconds["median"] / 1e9)


def _spread(run: Callable[[], object]) -> dict[str, float]:
    return timing.spread(timing.alternate({"probe": run}, repeats=5)["probe"])


def _small_probe() -> floor.Probe:
    x = jax.numpy.ones((64, 64))
    return floor.Probe(lambda: (x @ x).block_until_ready(), 2 * 64**3)


def step(ctx: context.Context, work: str) -> None:
    """Times an outer step: first as the reference multiplies, then in float32 and bfloat16."""
    main, small = context.main_case(), cases.SHAPES["1x28x2"]._replace(ipc=10)
    kinds = [(main, "tf32"), (main, "float32"), (main, "bfloat16"), (small, "tf32")]
    _rows(ctx, work, kinds[:1] if ctx.tiny else kinds)


def trainings(ctx: context.Context, *works: str) -> None:
    """Times training: evaluation networks, or an epoch of real images."""
    for work in works:
        _rows(ctx, work, [(context.main_case(), "tf32")])


def _rows(ctx: context.Context, work: str, kinds: list[tuple[cases.Case, str]]) -> None:
    """Measures one row for each case and precision, in this order."""
    ours = [_ours(ctx, work, case, precision) for case, precision in kinds]
    utils = _reference(ctx)
    for index, ((case, precision), medjax) in enumerate(zip(kinds, ours, strict=True)):
        if index == 1:
            # The first was compiled by an earlier row; the others are compiled all at once. A
            # failure is met again, and reported, where the row is measured.
            context.at_the_same_time(ours[1:])
        name = f"b {work} {case.shape} {precision}"
        if ctx.left() < 5:
            ctx.emit(name, failed="out of time")
            continue
        with ctx.part(name):
            theirs = None
            if utils is not None and precision != "bfloat16":
                theirs = _theirs(ctx, utils, work, case, precision)
            ctx.emit(name, **_measure(ctx, work, case, precision, medjax, theirs))


def _ours(ctx, work: str, case: cases.Case, precision: str) -> Callable[[], object]:
    """Returns a function that makes its work when it is first called."""
    made = []

    def run():
        if not made:
            steps = _steps(ctx, work)[0]
            made.append(engine.make_work(work, case, precision=precision, steps=steps))
        return made[0]()

    return run


def _steps(ctx: context.Context, work: str) -> tuple[int, int]:
    if work not in cases.OUTER_STEPS:
        return 1, 1
    return (2, 1) if ctx.tiny else (_OUR_STEPS, _THEIR_STEPS[work])


def _theirs(ctx, utils, work: str, case: cases.Case, precision: str) -> Callable[[], object]:
    import reference

    steps = _steps(ctx, work)[1]
    return reference.make_work(utils, work, case, precision=precision, steps=steps)


def _reference(ctx: context.Context) -> Any:
    """Returns the reference's ``utils``, or ``None`` with a row that says why."""
    if not ctx.reference:
        return None
    try:
        _stand_in_for_scipy()
        import reference

        return reference.load(ctx.reference)
    except Exception as error:  # our own times are wanted whatever is wrong with it
        ctx.emit("b reference", failed=f"{type(error).__name__}: {str(error)[:300]}")
        return None


def _stand_in_for_scipy() -> None:
    """Replaces a module that SciPy has removed; the reference imports a function that it needs
    for the augmentation of DC's evaluation alone."""
    try:
        import scipy.ndimage.interpolation  # noqa: F401
    except ImportError:
        module = types.ModuleType("scipy.ndimage.interpolation")
        module.rotate = None
        sys.modules["scipy.ndimage.interpolation"] = module


def _measure(ctx, work, case, precision, medjax, theirs) -> dict[str, Any]:
    probe = _small_probe() if ctx.tiny else floor.matmul(precision)
    works = {"medjax": medjax} | ({"reference": theirs} if theirs else {}) | {"matmul": probe.run}
    try:
        seconds, failure = timing.alternate(works, repeats=REPEATS), None
    except Exception as error:
        if theirs is None:
            raise
        failure = f"{type(error).__name__}: {str(error)[:200]}"  # it may be the reference's own
        works.pop("reference")
        seconds = timing.alternate(works, repeats=REPEATS)
    ours, others = _steps(ctx, work)
    seconds["medjax"] = [value / ours for value in seconds["medjax"]]
    least, median = floor.floor(work, case, precision=precision), statistics.median
    achieved, rate = (
        least.operations / median(seconds["medjax"]),
        probe.amount / median(seconds["matmul"]),
    )
    row = {
        "precision": precision,
        "ipc": case.ipc,
        "repeats": REPEATS,
        "medjax_s": timing.spread(seconds["medjax"]),
        "operations": least.operations,
        "teraflop_per_s": achieved / 1e12,
        "matmul_teraflop_per_s": rate / 1e12,
        "of_matmul_rate": achieved / rate,
    }
    if "reference" in seconds:
        seconds["reference"] = [value / others for value in seconds["reference"]]
        row["reference_s"] = timing.spread(seconds["reference"])
        row["ratio"] = timing.ratio(seconds["reference"], seconds["medjax"])
    elif failure:
        row["reference_failed"] = failure
    return row


dm, dsa, dc = (partial(step, work=work) for work in ("dm", "dsa", "dc"))


def evaluation(ctx: context.Context) -> None:
    """Times the training of 5 and of 20 evaluation networks."""
    trainings(ctx, "eval5", "eval20")


def epoch(ctx: context.Context) -> None:
    """Times an epoch of real images."""
    trainings(ctx, "whole")
