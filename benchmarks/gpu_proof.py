"""Proves on a GPU what was only predicted: one command, one line of JSON for each result.

    python benchmarks/gpu_proof.py --seconds=500 --out=FOLDER --reference=DatasetCondensation
    python benchmarks/gpu_proof.py --tiny --out=FOLDER            # toy sizes, on a CPU
    python benchmarks/gpu_proof.py --pack=.gpu --reference=DatasetCondensation

runs the rows in order of value, each in a process of its own with a time limit, and appends each
result to ``FOLDER/proof.jsonl`` when it is done. A row that fails or runs out of time leaves a
line that says so, and the next one runs. ``--pack`` fills a folder with what a machine without
internet lacks, and prints the command to run there.
"""

import argparse
import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from gpu import records

HERE = Path(__file__).resolve()
_TAIL = 12
_LEAST_SECONDS = 15
_LOG_BYTES = 20_000


class Row(NamedTuple):
    """A row of the proof.

    Attributes:
      function: where it is, ``module.function`` in ``benchmarks/gpu``.
      limit: the most seconds that it gets.
    """

    function: str
    limit: float


# In order of value. The rows of one stage run at the same time: none of the first stage's is timed.
STAGES = (
    {
        "program": Row("programs.run", 150),
        "golden": Row("parity.golden", 150),
        "equality": Row("parity.equality", 150),
    },
    {"rates": Row("ratios.rates", 40)},
    {"dm": Row("ratios.dm", 100)},
    {"dsa": Row("ratios.dsa", 130)},
    {"dc": Row("ratios.dc", 130)},
    {"large": Row("large.dm", 70)},
    {"evaluation": Row("ratios.evaluation", 80)},
    {"epoch": Row("ratios.epoch", 50)},
    {"mnist_dsa": Row("published.dsa", 100)},
    {"mnist_dm": Row("published.dm", 300)},
)
ROWS = {name: row for stage in STAGES for name, row in stage.items()}


def main() -> None:
    """Packs, runs one row, or runs all rows."""
    arguments = _arguments()
    if arguments.pack:
        from gpu import pack

        pack.pack(arguments.pack, reference=arguments.reference, data=arguments.data)
    elif arguments.row:
        _run_row(arguments)
    else:
        _run_all(arguments)


def _run_all(arguments: argparse.Namespace) -> None:
    start = time.monotonic()
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = arguments.out / "proof.jsonl"
    results.unlink(missing_ok=True)
    wanted = arguments.rows or list(ROWS)
    with tempfile.TemporaryDirectory(prefix="gpu_proof_") as scratch:
        for stage in STAGES:
            names = [name for name in stage if name in wanted]
            left = arguments.seconds - (time.monotonic() - start)
            if names and left < _LEAST_SECONDS:
                for name in names:
                    records.append(results, {"row": name, "failed": "out of time"})
                continue
            with contextlib.ExitStack() as stack:
                running = [
                    stack.enter_context(_Process(name, arguments, Path(scratch), left))
                    for name in names
                ]
                for process in running:
                    process.finish(results)
    _show(results, time.monotonic() - start)


class _Process:
    """A row in a process of its own."""

    def __init__(self, name: str, arguments: argparse.Namespace, scratch: Path, left: float):
        self.name, self.start = name, time.monotonic()
        self.limit = max(min(ROWS[name].limit, left - 5), 5)
        self.log, self.out = scratch / f"{name}.log", arguments.out
        command = [sys.executable, str(HERE), f"--row={name}", f"--out={arguments.out}"]
        command += [f"--seconds={self.limit}", *(["--tiny"] if arguments.tiny else [])]
        command += [f"--reference={arguments.reference}"] if arguments.reference else []
        command += [f"--data={arguments.data}"] if arguments.data else []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(scratch, tiny=arguments.tiny),
                process_group=0,
            )

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def finish(self, results: Path) -> None:
        """Waits for the end, and writes a line if it was not a good one."""
        try:
            code = self.process.wait(max(self.limit - (time.monotonic() - self.start), 0.1))
            reason = f"exit status {code}" if code else None
        except subprocess.TimeoutExpired:
            reason = f"stopped after {self.limit:.0f} s"
        self.__exit__()
        lines = self.log.read_text(errors="replace").splitlines()
        seconds = round(time.monotonic() - self.start, 1)
        row = {"row": f"end of {self.name}", "whole_row_seconds": seconds}
        if reason:
            last = next((line for line in reversed(lines) if line.strip()), "")
            row |= {"failed": f"{reason}: {last[:300]}", "tail": lines[-_TAIL:]}
        records.append(results, row)
        with (self.out / "proof.log").open("a") as log:
            text = "\n".join(lines)[-_LOG_BYTES:]
            log.write(f"==== {self.name}, {seconds} s, {reason or 'ended well'}\n{text}\n")
        print(f"{self.name}: {seconds} s, {reason or 'ended well'}", flush=True)


def _environment(scratch: Path, *, tiny: bool) -> dict[str, str]:
    """Returns the environment of a row: all processes share a compilation cache and the memory."""
    environment = {
        **os.environ,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.9",
        "JAX_COMPILATION_CACHE_DIR": str(scratch / "cache"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.3",
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    paths = [str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment.pop("JAX_PLATFORMS", None)
    if tiny:
        environment["JAX_PLATFORMS"] = "cpu"
        environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        flags = os.environ.get("XLA_FLAGS", "")
        environment["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count=1"
    return environment


def _run_row(arguments: argparse.Namespace) -> None:
    """Runs one row in this process."""
    import jax
    from gpu import context

    if jax.default_backend() == "cpu" and not arguments.tiny:
        raise SystemExit("no GPU: jax.default_backend() is 'cpu'; use --tiny for a trial")
    if arguments.tiny:
        context.shrink()
    where = context.Context(
        out=arguments.out / "proof.jsonl",
        tiny=arguments.tiny,
        seconds=arguments.seconds,
        reference=arguments.reference,
        data=arguments.data,
        common=context.about(),
    )
    module, _, function = ROWS[arguments.row].function.partition(".")
    getattr(importlib.import_module(f"gpu.{module}"), function)(where)


def _show(results: Path, seconds: float) -> None:
    """Prints one short line for each result."""
    for line in results.read_text().splitlines():
        row = json.loads(line)
        print(row["row"], "|", row.get("failed") or _short(row))
    print(f"{seconds:.0f} s; all numbers are in {results}")


def _short(row: dict[str, Any]) -> str:
    """Returns the numbers that matter most."""
    parts = []
    for key in ("medjax_s", "reference_s", "step_s"):
        if isinstance(row.get(key), dict):
            parts.append(f"{key} {1000 * row[key]['median']:.3g} ms")
    if "ratio" in row:
        low, middle, high = (row["ratio"][key] for key in ("min", "median", "max"))
        parts.append(f"ratio {middle:.2f} ({low:.2f}-{high:.2f})")
    numbers = ("teraflop_per_s", "gigabytes_per_s", "of_matmul_rate", "kernels", "busy_ms")
    numbers += ("greatest", "holds", "peak_bytes_in_use", "accuracy_percent", "published")
    numbers += ("iterations", "evaluation_epochs", "traced_convolutions", "whole_row_seconds")
    for key in numbers:
        if row.get(key) is not None:
            value = row[key]
            parts.append(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}")
    return ", ".join(parts)


def _arguments() -> argparse.Namespace:
    def path(text: str) -> Path | None:
        return Path(text).resolve() if text else None

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=path, help="folder of the results")
    parser.add_argument("--seconds", type=float, default=500, help="ends before this time")
    parser.add_argument("--reference", help="a checkout of DatasetCondensation")
    parser.add_argument("--data", type=path, default=path(os.environ.get("MEDJAX_DATA_DIR", "")))
    parser.add_argument("--tiny", action="store_true", help="toy sizes, on a CPU")
    parser.add_argument("--rows", type=lambda text: text.split(","), help="only these rows")
    parser.add_argument("--pack", type=path, help="fill this folder instead, see above")
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for name in set(arguments.rows or ()) - set(ROWS):
        parser.error(f"unknown row {name!r}; choose from: {', '.join(ROWS)}")
    if arguments.out is None and arguments.pack is None:
        parser.error("--out or --pack is needed")
    if arguments.reference and Path(arguments.reference).exists():
        arguments.reference = str(Path(arguments.reference).resolve())
    elif arguments.reference:
        print(f"no reference at {arguments.reference}; its columns stay empty", file=sys.stderr)
        arguments.reference = None
    return arguments


if __name__ == "__main__":
    main()
