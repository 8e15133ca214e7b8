"""What every row is given: sizes, places, the time it has, and how it writes its results."""

import contextlib
import dataclasses
import importlib.metadata
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cases
import jax
import numpy as np

from gpu import records
from medjax import data, methods, nets

_LIBRARIES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "chex", "numpy", "torch")
_MARGIN = 5


@dataclasses.dataclass
class Context:
    """A row's sizes and limits.

    Attributes:
      out: the file that rows are appended to.
      tiny: toy sizes, on whatever device there is.
      seconds: the time that the row has.
      reference: a checkout of DatasetCondensation, or ``None``.
      data: a folder of data sets.
      common: what every result of this row has in common.
    """

    out: Path
    tiny: bool
    seconds: float
    reference: str | None
    data: Path | None
    common: dict[str, Any]
    start: float = dataclasses.field(default_factory=time.perf_counter)

    def emit(self, name: str, **numbers: Any) -> None:
        """Appends one result, with what all of them have in common."""
        seconds = round(time.perf_counter() - self.start, 2)
        records.append(self.out, {"row": name, **numbers, "seconds": seconds, **self.common})

    def left(self) -> float:
        """Returns the seconds that are left to this row, less a margin to end in."""
        return self.seconds - (time.perf_counter() - self.start) - _MARGIN

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Turns an error into a failed result, so that the next part of the row runs."""
        try:
            yield
        except Exception as error:  # whatever a library throws, the other parts are wanted
            lines = str(error).strip().splitlines() or [""]
            self.emit(name, failed=f"{type(error).__name__}: {lines[0][:300]}", tail=lines[-8:])


def about() -> dict[str, Any]:
    """Returns the device, the versions and the commit."""
    device, versions = jax.devices()[0], {"python": platform.python_version()}
    for name in _LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "device": device.device_kind,
        "platform": device.platform,
        "versions": versions,
        "commit": records.commit(),
    }


def shrink() -> None:
    """Makes the benchmarks' sizes those of a toy."""
    cases.WIDTH, cases.DEPTH, cases.BATCH_REAL, cases.BATCH_TRAIN = 4, 1, 4, 8
    cases.EPOCHS, cases.WHOLE_IMAGES = 1, 16
    small = cases.Case(3, 8, 2, 0)
    cases.SHAPES = {"3x28x9": small, "1x28x2": small._replace(channels=1)}


def main_case() -> cases.Case:
    """Returns nine classes of colour images of 28 pixels, ten images each."""
    return cases.SHAPES["3x28x9"]._replace(ipc=10)


def network(case: cases.Case, *, precision: str, depth: int | None) -> Any:
    """Returns the ConvNet of the benchmarks."""
    options = {"num_classes": case.classes, "width": cases.WIDTH}
    return nets.make("convnet", **options, depth=depth, precision=precision)


def real_images(case: cases.Case, *, per_class: int) -> Any:
    """Returns random real images on the default device, normalised as the benchmarks do."""
    stats = {"mean": np.full(case.channels, 0.5, "f"), "std": np.full(case.channels, 0.25, "f")}
    split = data.Split(*cases.images(case, per_class=per_class))
    return data.real_data(split, num_classes=case.classes, **stats)


def distiller(method: str, case: cases.Case, *, net: Any, **options: Any) -> Any:
    """Returns a method for a case; DC and DSA make one update with each network."""
    if method in ("dc", "dsa"):
        options = {"outer_loop": 1, "inner_loop": 0} | options
    if method in ("dm", "dc", "dsa"):
        options = {"batch_real": cases.BATCH_REAL} | options
    options = {"augment": "none" if method == "dc" else cases.STRATEGY} | options
    return methods.make(method, net=net, ipc=case.ipc, init="noise", **options)


def at_the_same_time(works: list[Callable[[], Any]]) -> list[Any]:
    """Runs functions in threads, because the compiler uses one core for most of its time.

    Returns what each returns, or the exception that it raised.
    """

    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:  # the caller decides what a failure means
            return error

    with ThreadPoolExecutor(max(len(works), 1)) as pool:
        return list(pool.map(run, works))
