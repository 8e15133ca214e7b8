"""How often the audit raises an alarm for images that are no distillation.

    python benchmarks/privacy_planted.py --out=benchmarks/results/privacy_planted --repeats=100

So many times, it draws a random half of PneumoniaMNIST's training images, passes off other images
as what DM from noise made of it, and runs the default audit on them: all attacks, the comparisons,
and the decision. Held-out images, of which none is in train too, do not depend on the half, so
every alarm is false; means of images of the half are leaks. Each repeat is a line of ``.jsonl``;
those that are there are not made again.
"""

import argparse
import dataclasses
import functools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import speed
from scipy import stats

from medjax import data
from medjax.cli import startup
from medjax.data.inspect.duplicates import digests
from medjax.privacy import auditing
from medjax.privacy.case.case import Case, make_case
from medjax.privacy.case.finished import Finished
from medjax.privacy.copies import release
from medjax.privacy.statistics.decision import decide
from medjax.privacy.tracing import spaces
from medjax.privacy.tracing.attacks import own_networks, tracing_attacks
from medjax.run import config, datasets
from medjax.run.settings import Settings

DATA = "pneumoniamnist"
HELD_OUT = "held-out images"
MEANS = {
    "means of 20 members": 20,
    "means of 100 members": 100,
    "means of all members": None,
}
SETS = (HELD_OUT, *MEANS)
_EACH = 10  # held-out images of each class
Row = dict[str, Any]


class Planted:
    """The images that repeats are about, and the settings of the run that never took place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = config.make("dm", DATA, f"quick,ipc={_EACH},distill.init=noise")
        self.settings = Settings.from_config(made.to_dict())
        self.dataset, _ = datasets.load_dataset(self.settings.data)

    def audit(self, what: str, number: int, *, images: int) -> Row:
        """Audits images that are passed off, with the seed ``number``; returns what it found."""
        rng, run = np.random.default_rng([number, 7]), self._run(number)

        def passed_off(run: Finished, part: data.Split, folder: Path) -> data.SharedSet:
            return self._held_out(rng) if what == HELD_OUT else self._means(rng, part, MEANS[what])

        case = make_case(run, images=images, near=auditing.NEAR, distil=passed_off)
        decision = _decided(case._replace(run=run._replace(released=case.scene.target)))
        leaks = [f"{x.name}{f' of {x.group}' if x.group else ''}" for x in decision.leaks]
        leaks += [f"{x.name}, by {x.space}" for x in decision.copied]
        return {"planted": what, "number": number, "tests": decision.tests, "found": leaks}

    def _run(self, number: int) -> Finished:
        whole = {**self.settings.config, "seed": number}
        settings = dataclasses.replace(self.settings, seed=number, config=whole)
        summary = {"selected_step": settings.iterations}
        nothing = self._set(np.zeros((0, *self.dataset.train.images.shape[1:])), np.zeros(0))
        return Finished(self.folder, summary, settings, self.dataset, nothing, "")

    def _held_out(self, rng: np.random.Generator) -> data.SharedSet:
        assert self.dataset.val is not None
        images, labels = self.dataset.val.images, self.dataset.val.labels
        # One that is in train as well would be reported, and rightly.
        alone = ~np.isin(digests(images), digests(self.dataset.train.images))
        groups = [rows[alone[rows]] for rows in self._by_class(labels)]
        rows = np.concatenate([rng.permutation(x)[:_EACH] for x in groups])
        return self._set(images[rows] / np.float32(255), labels[rows])

    def _means(
        self, rng: np.random.Generator, part: data.Split, count: int | None
    ) -> data.SharedSet:
        groups = [rng.permutation(x)[:count] for x in self._by_class(part.labels)]
        means = np.stack([part.images[np.sort(x)].mean(axis=0) / 255 for x in groups])
        return self._set(means, np.arange(len(means)))

    def _by_class(self, labels: np.ndarray) -> list[np.ndarray]:
        return [np.flatnonzero(labels == label) for label in range(self.dataset.num_classes)]

    def _set(self, images: np.ndarray, labels: np.ndarray) -> data.SharedSet:
        own = np.float32(images), np.int32(labels), self.dataset.mean, self.dataset.std
        return data.SharedSet(*own)


def _decided(case: Case) -> Any:
    """Decides as the default audit, see ``medjax.privacy.auditing``."""
    made = spaces.make_spaces(case.scene, case.run.net())
    traced = tracing_attacks(case, made, own_networks(case))
    tests, *_ = release.compare(case.run, images=auditing.IMAGES)
    tests += [release.nearest_of_half(case, space) for space in (made[0], made[-1])]
    return decide(traced, [], tests)


def counted(rows: Sequence[Row]) -> Iterator[Row]:
    """Yields of each kind of images the alarms, the repeats, and the interval of the rate."""
    for what in SETS:
        found = [bool(row["found"]) for row in rows if row["planted"] == what]
        if found:
            raised, total = sum(found), len(found)
            low = stats.beta.ppf(0.025, raised, total - raised + 1) if raised else 0.0
            high = stats.beta.ppf(0.975, raised + 1, total - raised) if raised < total else 1.0
            yield {"planted": what, "alarms": raised, "repeats": total, "interval": (low, high)}


def table(rows: Sequence[Row]) -> str:
    """Formats the alarms."""
    lines = ["| passed off as synthetic | alarms | 95 % interval |", "|---|---|---|"]
    for row in counted(rows):
        low, high = row["interval"]
        lines.append(
            f"| {row['planted']} | {row['alarms']} of {row['repeats']} | {low:.3f}–{high:.3f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Makes the missing rows and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="name of the files, no suffix")
    parser.add_argument("--repeats", type=int, default=100, help="random halves of each kind")
    parser.add_argument("--images", type=int, default=auditing.IMAGES, help="members, and others")
    arguments = parser.parse_args()
    startup.set_up_jax(os.environ)
    out, where = arguments.out.with_suffix(".jsonl"), speed.about()
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(row["planted"], row["number"]) for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        planted = Planted(Path(folder))
        audit = functools.partial(planted.audit, images=arguments.images)
        for what in SETS:
            for number in range(arguments.repeats):
                if (what, number) not in done:
                    rows.append(audit(what, number) | where)
                    with out.open("a") as file:
                        file.write(f"{json.dumps(rows[-1])}\n")
                    arguments.out.with_suffix(".md").write_text(table(rows))
                    print(what, number, rows[-1]["found"], flush=True)


if __name__ == "__main__":
    main()
