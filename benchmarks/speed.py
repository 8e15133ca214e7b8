"""Compares the speed of medjax with the PyTorch reference and with the limit of the device.

    python benchmarks/speed.py --out=benchmarks/results/speed_cpu --reference=DatasetCondensation

times medjax, the reference (if given a checkout of github.com/VICO-UoE/DatasetCondensation), a
large matrix product and a copy alternately, and writes ``speed_cpu.jsonl``, one line per row with
device, versions and commit, and ``speed_cpu.md``, the same rows as a table. New rows are appended,
so a long benchmark can run in parts; a row that is measured again replaces the older one.
"""

import argparse
import datetime
import itertools
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

# Both frameworks share the GPU, so neither may take all of its memory.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import cases
import engine
import floor
import jax
import startup
import timing

import medjax

HERE = Path(__file__).resolve().parent
IPCS = (10, 1, 50)
# All works run at 10 images per class, but only those whose cost depends on ipc at 1 and 50.
_OTHER_IPCS = ("dm", "dc", "dsa", "eval5")
_MEMORY = ("dm", "dc", "dsa", "eval20")


def main() -> None:
    """Measures the requested rows and writes both files after each."""
    arguments, start = _arguments(), time.perf_counter()
    table = Table(arguments.out)
    utils = None
    if arguments.reference:
        import reference

        utils = reference.load(arguments.reference)
    where = about()  # now, because the checkout may change while the loaded code runs
    for shape, ipc, precision, work in itertools.product(
        arguments.shapes, arguments.ipc, arguments.precisions, arguments.works
    ):
        if ipc != 10 and work not in _OTHER_IPCS:
            continue
        row = {"work": work, "shape": shape, "ipc": ipc, "precision": precision}
        if arguments.missing and table.has(**row, devices=jax.device_count()):
            continue
        if time.perf_counter() - start > arguments.seconds:
            print("out of time; the same command with --missing measures the rest")
            break
        case = cases.SHAPES[shape]._replace(ipc=ipc)
        row = measure(work, case, precision=precision, repeats=arguments.repeats, utils=utils)
        if arguments.memory and ipc == 10 and work in _MEMORY:
            row["memory_bytes"] = _memory(work, shape, precision, arguments.reference)
        table.add({**row, **where})
    if arguments.startup:
        table.add({"work": "startup", **startup.measure(), **where})
    print(table.text())


def measure(work: str, case: cases.Case, *, precision: str, repeats: int, utils=None) -> dict:
    """Returns one row: the seconds of a unit of work, the ratio to the reference, the floor."""
    steps = cases.STEPS[jax.default_backend()] if work in cases.OUTER_STEPS else 1
    probes = {"matmul": floor.matmul(precision), "copy": floor.copy()}
    works = {"medjax": engine.make_work(work, case, precision=precision, steps=steps)}
    if utils is not None:
        import reference

        works["reference"] = reference.make_work(
            utils, work, case, precision=precision, steps=steps
        )
    works |= {name: probe.run for name, probe in probes.items()}
    seconds = timing.alternate(works, repeats=repeats)
    for name in set(works) - set(probes):
        seconds[name] = [value / steps for value in seconds[name]]
    rates = {
        name: probe.amount / timing.spread(seconds[name])["median"]
        for name, probe in probes.items()
    }
    least = floor.floor(work, case, precision=precision)
    compute_s, move_s = least.operations / rates["matmul"], least.bytes / rates["copy"]
    ours = timing.spread(seconds["medjax"])
    row = {
        "work": work,
        "shape": case.shape,
        "ipc": case.ipc,
        "precision": precision,
        "devices": jax.device_count(),
        "repeats": repeats,
        "medjax_s": ours,
        "operations": least.operations,
        "bytes": least.bytes,
        "matmul_per_s": rates["matmul"],
        "copy_bytes_per_s": rates["copy"],
        "floor_s": max(compute_s, move_s),
        "of_matmul_rate": compute_s / ours["median"],
        "of_floor": max(compute_s, move_s) / ours["median"],
    }
    if utils is not None:
        row["reference_s"] = timing.spread(seconds["reference"])
        row["ratio"] = timing.ratio(seconds["reference"], seconds["medjax"])
    return row


def _memory(work: str, shape: str, precision: str, reference: str | None) -> dict[str, int]:
    command = [sys.executable, str(HERE / "memory.py"), work, shape, "10"]
    variants = {"medjax": [f"--precision={precision}"]}
    if reference:
        variants["reference"] = [f"--reference={reference}"]
    return {
        name: int(subprocess.run([*command, *extra], capture_output=True, check=True).stdout)
        for name, extra in variants.items()
    }


def about() -> dict:
    """Returns the device, the versions, the commit and the date of a measurement."""
    device = jax.devices()[0]
    commit = _git("describe", "--always")
    # Only the code counts, because the results change from row to row.
    if _git("status", "--porcelain", "--", HERE.parent / "medjax", *HERE.glob("*.py")):
        commit += "-dirty"
    versions = {"medjax": medjax.__version__, "jax": jax.__version__}
    if "torch" in sys.modules:
        versions["torch"] = sys.modules["torch"].__version__
    versions["python"] = platform.python_version()
    kind = _processor() if device.platform == "cpu" else device.device_kind
    return {
        "device": f"{kind} ({os.cpu_count()} CPU cores)",
        "versions": versions,
        "commit": commit,
        "when": datetime.date.today().isoformat(),
    }


def _git(*arguments) -> str:
    command = ["git", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE).stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


class Table:
    """A table on disk, as lines of JSON and as Markdown."""

    def __init__(self, path: Path):
        self._json, self._text = path.with_suffix(".jsonl"), path.with_suffix(".md")
        self._rows = {}
        if self._json.exists():
            rows = map(json.loads, self._json.read_text().splitlines())
            self._rows = {_key(row): row for row in rows}

    def add(self, row: dict) -> None:
        """Adds or replaces a row, and writes both files."""
        self._rows[_key(row)] = row
        self._json.parent.mkdir(parents=True, exist_ok=True)
        self._json.write_text("".join(f"{json.dumps(row)}\n" for row in self._rows.values()))
        self._text.write_text(self.text())
        print(_cells(row), flush=True)

    def has(self, **row) -> bool:
        """Returns whether such a row exists."""
        return _key(row) in self._rows

    def text(self) -> str:
        """Returns the table, with a line for start-up below."""
        head = (
            "| work | set | ipc | precision | medjax | reference | times faster (min–max) | "
            "of the matrix rate | of the floor | memory, ours / theirs |"
        )
        rows = [row for row in self._rows.values() if row["work"] != "startup"]
        lines = [head, "|---" * (head.count("|") - 1) + "|", *map(_cells, rows)]
        starts = [row for row in self._rows.values() if row["work"] == "startup"]
        lines += [f"\n{_cells(row)}" for row in starts]
        return "\n".join(lines) + "\n"


def _key(row: dict) -> tuple:
    names = ("work", "shape", "ipc", "precision")
    return (*(row.get(name) for name in names), row.get("devices", 1))


def _cells(row: dict) -> str:
    if row["work"] == "startup":
        return (
            f"Quickstart's command to its first outer step: {row['cold']:.1f} s with an empty "
            f"compilation cache, {row['warm']:.1f} s with a warm one; "
            f"{row['import']:.1f} s of it imports."
        )
    reference, ratio, memory = row.get("reference_s"), row.get("ratio"), row.get("memory_bytes")
    cells = [
        cases.WORKS[row["work"]],
        row["shape"] + (f", {row['devices']} devices" if row.get("devices", 1) > 1 else ""),
        row["ipc"],
        row["precision"],
        _seconds(row["medjax_s"]["median"]),
        _seconds(reference["median"]) if reference else "not yet run",
        f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})" if ratio else "",
        f"{row['of_matmul_rate']:.0%}",
        f"{row['of_floor']:.0%}",
        " / ".join(f"{value / 2**20:,.0f} MiB" for value in memory.values()) if memory else "",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"


def _arguments() -> argparse.Namespace:
    def names(text):
        return text.split(",") if text else []

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", required=True, type=Path, help="name of both files, without suffix"
    )
    parser.add_argument("--reference", help="a checkout of DatasetCondensation")
    parser.add_argument("--works", type=names, default=list(cases.WORKS))
    parser.add_argument("--shapes", type=names, default=list(cases.SHAPES))
    parser.add_argument("--ipc", type=lambda text: [int(n) for n in names(text)], default=IPCS)
    parser.add_argument("--precisions", type=names, default=["float32"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="start no row after this time"
    )
    parser.add_argument("--missing", action="store_true", help="only rows not yet in the files")
    parser.add_argument("--memory", action="store_true", help="also peak memory")
    parser.add_argument("--startup", action="store_true", help="also the launcher's start-up")
    return parser.parse_args()


if __name__ == "__main__":
    main()
