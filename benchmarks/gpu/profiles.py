"""Kernels and transfers of a piece of work, counted in a trace of the profiler."""

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax

_DIRECTIONS = {
    "d2h": "device_to_host",
    "dtoh": "device_to_host",
    "h2d": "host_to_device",
    "htod": "host_to_device",
}


def per_step(run: Callable[[int], Any], *, few: int = 2, many: int = 6) -> dict[str, Any]:
    """Counts the events of one step: those of a long call less those of a short one.

    Args:
      run: makes so many steps in one call and waits for the end; compiled already.
      few: steps of the short call.
      many: steps of the long call.

    Returns:
      Events of each kind in a step, and the device's busy time in it in milliseconds; what a
      platform does not record is ``None``.
    """
    short, long = (_traced(run, count) for count in (few, many))
    if not long[0]:
        return {"kernels": None, "note": "the trace shows no stream of a device"}
    steps = many - few
    counts = {kind: (long[0][kind] - short[0][kind]) / steps for kind in sorted(long[0])}
    return {
        "kernels": counts.pop("kernel", 0),
        "transfers": counts,
        "busy_ms": (long[1] - short[1]) / steps / 1e6,
        "top_kernels": [[name[:80], count / many] for name, count in long[2].most_common(8)],
    }


def _traced(run: Callable[[int], Any], steps: int) -> tuple[Counter, float, Counter]:
    """Returns counts by kind, nanoseconds, and counts by name."""
    kinds, names, total = Counter(), Counter(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            run(steps)
        for name, nanoseconds in _device_events(Path(folder)):
            kind = _kind(name)
            kinds[kind] += 1
            total += nanoseconds
            if kind == "kernel":
                names[name] += 1
    return kinds, total, names


def _kind(name: str) -> str:
    lower = name.lower().replace(" ", "")
    if "memset" in lower:
        return "memset"
    if "memcpy" not in lower:
        return "kernel"
    return next((kind for short, kind in _DIRECTIONS.items() if short in lower), "copy_on_device")


def _device_events(folder: Path) -> Iterator[tuple[str, float]]:
    """Yields name and nanoseconds of all events on a GPU's streams."""
    spaces = sorted(folder.rglob("*.xplane.pb"))
    if spaces and hasattr(jax.profiler, "ProfileData"):
        for plane in jax.profiler.ProfileData.from_file(str(spaces[-1])).planes:
            if not plane.name.startswith("/device:GPU"):
                continue
            for line in plane.lines:
                if line.name.startswith("Stream"):
                    yield from ((event.name, event.duration_ns) for event in line.events)
        return
    for path in sorted(folder.rglob("*.trace.json.gz"))[-1:]:
        events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
        yield from _json_events(events)


def _json_events(events: list[dict]) -> Iterator[tuple[str, float]]:
    named = [event for event in events if event.get("ph") == "M"]
    devices = {
        event["pid"]
        for event in named
        if event["name"] == "process_name" and "/device:GPU" in event["args"]["name"]
    }
    streams = {
        (event["pid"], event["tid"])
        for event in named
        if event["name"] == "thread_name" and event["args"]["name"].startswith("Stream")
    }
    for event in events:
        place = event.get("pid"), event.get("tid")
        if event.get("ph") == "X" and place[0] in devices and place in streams:
            yield event["name"], 1000 * event.get("dur", 0)
