"""Gathers runs of several seeds into tables with intervals.

    python benchmarks/collect.py runs/*/* --out=benchmarks/results/seeds_cpu

writes ``seeds_cpu.jsonl``, one line per run with the scores of each network, config, seeds, device
and commit, and ``seeds_cpu.md``: for each data set every training set beside the best random
images, and on how many data sets which method beats them. The files keep the runs that they already
have; a new run replaces one with the same settings. A folder without a finished seed is skipped,
and of a stopped run the finished seeds count, if they are two or more.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import seeds_tables

from medjax.run.binding import binding
from medjax.run.report import metric_name
from medjax.run.seeds.summary import summarise_seeds
from medjax.run.summary import read_summary

DROPPED = ("data", "val", "val_last", "test_last", "baselines_val", "recipe")
NOTE = (
    "[low, high]: 95 % intervals over seeds. Differences are paired by seed; best random: the best "
    "on val of as many random subsets as a run has validations. Each method is compared with the "
    "random images of its own runs, which have its number of validations and its preparation "
    "(MTT's are whitened); the rows of random images, herding and k-center are of the first "
    "method with validations. At 95 %, one in forty differences is called better by chance alone."
)


def gather(workdirs: Iterable[Path]) -> list[dict[str, Any]]:
    """Returns the summary over seeds of each folder in which two seeds are finished."""
    found = []
    for workdir in workdirs:
        read = {
            path.parent.name: read_summary(path) for path in workdir.glob("seed_*/summary.json")
        }
        runs = {name: run for name, run in read.items() if run is not None}
        runs = dict(sorted(runs.items(), key=lambda item: item[1]["seed"]))
        if len(runs) > 1:
            seeds = [run["seed"] for run in runs.values()]
            plan = workdir / "plan.json"  # of benchmarks/equal_seconds.py
            planned = {"plan": json.loads(plan.read_text())} if plan.exists() else {}
            found.append({**summarise_seeds(runs, seed=seeds[0], seeds=seeds), **planned})
    return found


def short(summary: dict[str, Any]) -> dict[str, Any]:
    """Returns what a line of the file keeps, numbers with six digits."""
    kept = {name: value for name, value in summary.items() if name not in DROPPED}
    return json.loads(json.dumps(kept), parse_float=lambda text: float(f"{float(text):.6g}"))


def markdown(summaries: Iterable[dict[str, Any]]) -> str:
    """Returns the tables of all data sets, and the verdict."""
    sets = {name: seeds_tables.sets_of(s) for name, s in seeds_tables.by_data(summaries).items()}
    parts = []
    for name, some in sets.items():
        tables = [seeds_tables.scores_markdown(some), seeds_tables.methods_markdown(some)]
        parts.append(f"## {name}\n\n" + "\n".join(filter(None, tables)))
    verdict = seeds_tables.verdicts_markdown(sets)
    parts.append(f"## Data sets on which the interval of the difference is above zero\n\n{verdict}")
    lines = []
    for metric in seeds_tables.METRICS:
        count, beats, left = seeds_tables.discoveries(sets, metric)
        lines.append(
            f"{metric_name(metric)}: of {count} comparisons with the best random images {beats} "
            f"have their interval above zero, of which {left} remain at a false discovery rate of "
            "5 %.\n"
        )
    return "\n".join([*parts, *lines, NOTE]) + "\n"


def write(workdirs: Iterable[Path], out: Path) -> str:
    """Adds runs to both files, whose name without suffix is ``out``; returns the tables."""
    lines, table = (out.with_suffix(suffix) for suffix in (".jsonl", ".md"))
    kept = map(json.loads, lines.read_text().splitlines()) if lines.exists() else ()
    summaries = {_settings(one): one for one in [*kept, *map(short, gather(workdirs))]}
    lines.parent.mkdir(parents=True, exist_ok=True)
    lines.write_text("".join(f"{json.dumps(summary)}\n" for summary in summaries.values()))
    table.write_text(markdown(summaries.values()))
    return table.read_text()


def _settings(summary: dict[str, Any]) -> str:
    config = {name: value for name, value in summary["config"].items() if name != "seed"}
    return json.dumps(binding({**config, "seed": 0, "seeds": ()}), sort_keys=True)


def main() -> None:
    """Reads the runs and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdirs", nargs="*", type=Path, help="folders of runs of several seeds")
    parser.add_argument(
        "--out", required=True, type=Path, help="name of both files, without suffix"
    )
    arguments = parser.parse_args()
    print(write(arguments.workdirs, arguments.out), end="")


if __name__ == "__main__":
    main()
