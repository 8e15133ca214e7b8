"""Compares short recipes of evaluation with the reference's, over sets of different quality.

    python benchmarks/fast_recipe.py --data=pneumoniamnist
    python benchmarks/fast_recipe.py --data=phantom_findings --learning_rate=0.1 --sets=random,noise
    python benchmarks/fast_recipe.py --tables

judges each set of ``judged_sets.py`` by each recipe and writes a row to
``results/fast_recipe.jsonl``; rows that are there already are skipped. All recipes train the same
networks at the settings of ``quick``. The reference trains as many again, which show how well it
agrees with itself. ``--tables`` prints what ``judged_tables.py`` makes of the rows.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import judged_sets
import judged_tables
import numpy as np
import speed  # for its description of the machine

from medjax import data, evaluate, nets, training

RESULTS = Path(__file__).parent / "results" / "fast_recipe.jsonl"
NETWORKS, SEED, WIDTH = 5, 1, 32
Change = Callable[[training.Schedule], training.Schedule]


def _replaced(**changes: Any) -> Change:
    return lambda schedule: schedule._replace(**changes)


def _cosine(parts: int, *, rates: float = 1.0, **changes: Any) -> Change:
    """Returns a cosine in a part of the epochs, with ``rates`` times the sum of the rates."""
    return lambda schedule: schedule.shortened(parts, rates=rates)._replace(**changes)


def _step(parts: int, *, rate: float) -> Change:
    """Returns the schedule of the reference in a part of the epochs, at a multiple of its rate."""
    return lambda schedule: schedule._replace(
        num_epochs=schedule.num_epochs // parts,
        drop_epoch=schedule.drop_epoch // parts,
        learning_rate=schedule.learning_rate * rate,
    )


SCHEDULES: dict[str, Change] = {
    "reference": _replaced(),
    "cosine/5": _cosine(5),
    "cosine/5, rates x1/2": _cosine(5, rates=0.5),
    "cosine/5, rates x1/3": _cosine(5, rates=1 / 3),
    "cosine/5, rates x1/4": _cosine(5, rates=0.25),
    "cosine/10": _cosine(10),
    "cosine/10, rates x1/2": _cosine(10, rates=0.5),
    "step/5": _step(5, rate=1.0),
    "step/5, rate x2": _step(5, rate=2.0),
    "step/5, rate x5": _step(5, rate=5.0),
    "cosine/5, momentum 0.95": _cosine(5, rates=0.5, momentum=0.95),
    "cosine/5, no decay of weights": _cosine(5, weight_decay=0.0),
}
"""What each recipe makes of the reference's schedule; ``fast`` is ``cosine/5, rates x1/3``."""


def main() -> None:
    """Judges the sets that have no row yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="pneumoniamnist", help="a data set")
    parser.add_argument("--learning_rate", type=float, default=0.01, help="of the reference")
    parser.add_argument("--sets", default="", help="sets whose names start with one of these")
    parser.add_argument("--recipes", default="", help="names of recipes, with ; between them")
    parser.add_argument("--tables", action="store_true", help="print the tables only")
    arguments = parser.parse_args()
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    rows = [json.loads(line) for line in lines]
    if arguments.tables:
        print(judged_tables.tables(rows))
        return
    where, judge = speed.about(), Judge(arguments.data, arguments.learning_rate)
    done = {(row["data"], row["learning_rate"], row["set"], row["recipe"]) for row in rows}
    wanted = [name for name in arguments.recipes.split(";") if name] or list(SCHEDULES)
    for name in judged_sets.names(judge.dataset, arguments.sets.split(",")):
        for recipe in wanted:
            key = {"data": arguments.data, "learning_rate": arguments.learning_rate}
            key |= {"set": name, "recipe": recipe}
            if tuple(key.values()) in done:
                continue
            row = key | judge(name, recipe) | where
            with RESULTS.open("a") as file:
                file.write(json.dumps(row) + "\n")
            score = np.mean(row["test"]["auroc"])
            print(f"{name:20} {recipe:30} {score:.4f} {row['seconds']['cpu']:6.1f} s", flush=True)


class Judge:
    """The networks and the images that every set is judged with."""

    def __init__(self, name: str, learning_rate: float) -> None:
        self.dataset = ds = data.load(name)
        self.net = nets.make("convnet", num_classes=ds.num_classes, width=WIDTH)
        splits = {"val": ds.val, "test": ds.test}
        self.benchmark = evaluate.Benchmark(splits, (ds.mean, ds.std), ds.info.task)
        self.reference = training.Recipe(
            epochs=300, learning_rate=learning_rate, batch_size=64, augment=ds.info.augment
        )

    def __call__(self, name: str, recipe: str) -> dict[str, Any]:
        """Returns a row: the scores of each network on val and test, and the time they took."""
        images, labels = judged_sets.make(name, self.dataset)
        schedule = SCHEDULES[recipe](self.reference.schedule())
        count = 2 * NETWORKS if recipe == "reference" else NETWORKS

        def train(num_epochs: int) -> Any:
            networks = training.start_training(
                jax.random.key(SEED),
                self.net,
                images,
                labels,
                recipe=self.reference,
                num_networks=count,
                stats=self.benchmark.stats,
            )
            trained = networks._replace(schedule=schedule).until(num_epochs)
            return jax.block_until_ready(trained.variables())

        # The programs are compiled before the clock starts; one serves all schedules.
        evaluate.score_networks(self.net, train(0), self.benchmark)
        start, cpu = time.perf_counter(), time.process_time()
        variables = train(schedule.num_epochs)
        middle, trained = time.perf_counter(), time.process_time()
        scores = evaluate.score_networks(self.net, variables, self.benchmark)
        seconds = {
            "train": middle - start,
            "train_cpu": trained - cpu,
            "cpu": time.process_time() - cpu,
        }
        values = {
            split: {metric: np.round(one["values"], 6).tolist() for metric, one in found.items()}
            for split, found in scores.items()
        }
        row = {"networks": count, "seed": SEED, "width": WIDTH, "images": len(labels)}
        return (
            row | {"config": vars(self.reference) | schedule._asdict(), "seconds": seconds} | values
        )


if __name__ == "__main__":
    main()
