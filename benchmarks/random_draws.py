"""How many random subsets a distillation is worth: the best on val of 1, 3, 10, 30 and 100.

    python benchmarks/random_draws.py --run=runs/dm --out=benchmarks/results/random_draws.jsonl

takes a finished run of several seeds, draws as many random subsets for each of its seeds, selects
the best on val with the recipe and the networks of the run, and scores it on test as the distilled
images were. The subsets of a seed are the same in every number of draws, so a larger number only
adds some. Each row has a seed, a number of draws and the distilled images' scores; rows that are in
the file are not made again. The table over seeds is printed at the end.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import speed

from medjax import evaluate
from medjax.cli import startup
from medjax.evaluate.baselines.comparison import Comparison
from medjax.evaluate.baselines.subsets import select_random
from medjax.run.judging import baseline_plan, keeper
from medjax.run.settings import Settings
from medjax.run.setup import Experiment, make_experiment
from medjax.run.summary import read_summary

DRAWS = (1, 3, 10, 30, 100)
METRICS = ("auroc", "balanced_accuracy")
Row = dict[str, Any]


def best_of(experiment: Experiment, draws: int) -> evaluate.Baseline:
    """Returns the scores of the best on val of some random subsets, and its number."""
    return select_random(
        Comparison(
            experiment.keys["final"],
            experiment.keys["select"],
            experiment.net,
            experiment.dataset.train,
            experiment.benchmark,
            baseline_plan(experiment)._replace(draws=draws),
            keeper(experiment),
            lambda *_: None,
        )
    )


def rows_of(summary: Row, draws: Sequence[int], done: set[tuple]) -> Any:
    """Yields the rows of one seed that are not done, its distilled images in each."""
    key = {"data": summary["dataset"], "method": summary["method"], "seed": summary["seed"]}
    missing = [count for count in draws if (*key.values(), count) not in done]
    if not missing:
        return
    experiment = make_experiment(Settings.from_config(summary["config"]))
    for count in missing:
        best = best_of(experiment, count)
        yield {
            **key,
            "draws": count,
            "draw": best.facts["draw"],
            "best": {m: best.scores["test"][m]["values"] for m in METRICS},
            "distilled": {m: summary["test"][m]["values"] for m in METRICS},
        }


def table(rows: Sequence[Row]) -> str:
    """Formats the curve of each data set, and the distilled images beside it, paired by seed."""
    heads = ["data", "draws", "seeds"]
    heads += [f"{name}, {what}" for name in METRICS for what in ("best", "distilled minus best")]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for data, method, draws in dict.fromkeys((r["data"], r["method"], r["draws"]) for r in rows):
        own = [r for r in rows if (r["data"], r["method"], r["draws"]) == (data, method, draws)]
        cells = [f"{data}, {method}", str(draws), str(len(own))]
        for metric in METRICS:
            best, distilled = (
                [sum(r[what][metric]) / len(r[what][metric]) for r in own]
                for what in ("best", "distilled")
            )
            gap = evaluate.paired_interval(distilled, best)
            mean, between = evaluate.mean_interval(best), f"[{gap.low:+.3f}, {gap.high:+.3f}]"
            cells.append(f"{mean.mean:.3f} [{mean.low:.3f}, {mean.high:.3f}]")
            cells.append(f"{gap.mean:+.3f} {between} {evaluate.verdict(gap)}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Makes the missing rows and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a run of several seeds")
    parser.add_argument("--out", required=True, type=Path, help="file of rows")
    parser.add_argument("--draws", type=lambda text: [int(n) for n in text.split(",")])
    arguments = parser.parse_args()
    startup.set_up_jax(os.environ)
    out = arguments.out
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(row["data"], row["method"], row["seed"], row["draws"]) for row in rows}
    where = speed.about()
    folders = sorted(arguments.run.glob("seed_*")) if arguments.run else []
    for summary in filter(None, (read_summary(folder / "summary.json") for folder in folders)):
        for row in rows_of(summary, arguments.draws or DRAWS, done):
            rows.append({**row, **where})
            with out.open("a") as file:
                file.write(f"{json.dumps(rows[-1])}\n")
            print(row["data"], row["seed"], row["draws"], row["draw"], flush=True)
    print(table(rows), end="")


if __name__ == "__main__":
    main()
