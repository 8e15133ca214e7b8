"""How often the audit raises an alarm for images that are no distillation.

    python benchmarks/privacy_planted.py --out=benchmarks/results/privacy_planted --repeats=100

So many times, it draws a random half of PneumoniaMNIST's training images, passes off other images
as what DM from noise made of it, and runs the default audit on them: all attacks, the comparisons,
and the decision. Held-out images, of which none is in train too, do not depend on the half, so
every alarm is false, whatever the run is said to have started from; means of images of the half
are leaks, on which the attacks that know the start are not tried. Each repeat is a line of
``.jsonl``; those that are there are not made again.
"""

import argparse
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
from medjax.privacy.default_tests import default_tests, own_networks
from medjax.privacy.statistics.decision import Decision, decide
from medjax.privacy.tracing import spaces
from medjax.run import config, datasets
from medjax.run.settings import Settings

DATA = "pneumoniamnist"
HELD_OUT = "held-out images"
HELD_OUT_REAL, HELD_OUT_MIX = f"{HELD_OUT}, real start", f"{HELD_OUT}, start of patches"
STARTS = {HELD_OUT_REAL: "init=real", HELD_OUT_MIX: "init=mix,distill.factor=2"}
MEANS = {
    "means of 20 members": 20,
    "means of 100 members": 100,
    "means of all members": None,
}
SETS = (HELD_OUT, *STARTS, *MEANS)
_EACH = 10  # held-out images of each class
Row = dict[str, Any]


class Planted:
    """The images that repeats are about, of runs that never took place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dataset, _ = datasets.load_dataset(_settings("init=noise").data)

    def audit(self, what: str, number: int, *, images: int) -> Row:
        """Audits images that are passed off, with the seed ``number``; returns what it found."""
        rng, run = np.random.default_rng([number, 7]), self._run(what, number)

        def passed_off(run: Finished, part: data.Split, folder: Path) -> data.SharedSet:
            if what in MEANS:
                images, labels = self._means(rng, part, MEANS[what])
            else:
                images, labels = self._held_out(rng, _EACH * (4 if what == HELD_OUT_MIX else 1))
            stats = data.channel_stats(part.images)
            return data.SharedSet(np.float32(images), np.int32(labels), *stats)

        case = make_case(run, images=images, near=auditing.NEAR, distil=passed_off)
        case = case._replace(run=run._replace(released=case.scene.target))
        decision = _decided(case, images=images)
        leaks = [f"{x.name}{f' of {x.group}' if x.group else ''}" for x in decision.leaks]
        leaks += [f"{x.name}, by {x.space}" for x in decision.copied]
        return {"planted": what, "number": number, "tests": decision.tests, "found": leaks}

    def _run(self, what: str, number: int) -> Finished:
        settings = _settings(STARTS.get(what, "init=noise"), seed=number)
        summary = {"selected_step": settings.iterations}
        stats = self.dataset.mean, self.dataset.std
        blank = np.zeros((0, *self.dataset.train.images.shape[1:]), np.float32)
        nothing = data.SharedSet(blank, np.zeros(0, np.int32), *stats)  # until there is a half
        return Finished(self.folder, summary, settings, self.dataset, nothing, "")

    def _held_out(self, rng: np.random.Generator, each: int) -> tuple[np.ndarray, np.ndarray]:
        assert self.dataset.val is not None
        images, labels = self.dataset.val.images, self.dataset.val.labels
        # One that is in train as well would be reported, and rightly.
        alone = ~np.isin(digests(images), digests(self.dataset.train.images))
        groups = [rows[alone[rows]] for rows in self._by_class(labels)]
        rows = np.concatenate([rng.permutation(x)[:each] for x in groups])
        return images[rows] / np.float32(255), labels[rows]

    def _means(
        self, rng: np.random.Generator, part: data.Split, count: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        groups = [rng.permutation(x)[:count] for x in self._by_class(part.labels)]
        means = np.stack([part.images[np.sort(x)].mean(axis=0) / 255 for x in groups])
        return means, np.arange(len(means))

    def _by_class(self, labels: np.ndarray) -> list[np.ndarray]:
        return [np.flatnonzero(labels == label) for label in range(self.dataset.num_classes)]


def _settings(start: str, *, seed: int = 0) -> Settings:
    made = config.make("dm", DATA, f"quick,ipc={_EACH},distill.{start},seed={seed}")
    return Settings.from_config(made.to_dict())


def _decided(case: Case, *, images: int) -> Decision:
    """Decides as the default audit, see ``medjax.privacy.auditing``."""
    made = spaces.make_spaces(case.scene, case.run.net())
    tests = default_tests(case, made, own_networks(case), images=images)
    return decide(tests.attacks, [], tests.copies)


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
