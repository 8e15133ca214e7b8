"""What the audit finds: data sets × synthetic sets × tracing and deep, and false alarms.

    python benchmarks/privacy_audit.py --work=runs/audits --out=benchmarks/results/privacy_cpu
    python benchmarks/privacy_audit.py --out=… --cells=pneumoniamnist/random/tracing
    python benchmarks/privacy_audit.py --out=… --planted=200

distils with the ``quick`` settings, audits, and writes a row for each cell to ``.jsonl`` and the
table to ``.md``. Rows that are in the file are not made again, and a stopped distillation or audit
resumes. ``--planted`` needs no distillation: so many times, it draws a random half of a data set's
training images and passes off other images as its distillation. Held-out images do not depend on
the half, so every alarm is false; means and images of the half are leaks.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import speed
from scipy import stats

from medjax import data, privacy
from medjax.cli import startup
from medjax.privacy.case.halves import half, pool
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.tracing import features, trace
from medjax.privacy.tracing.inputs import as_inputs, group_mask
from medjax.run import config, distill

DATA = ("pneumoniamnist", "mednist_28_derived")
SETS = {
    "random": ("random", ""),
    "dm_real": ("dm", "distill.init=real"),
    "dm_noise": ("dm", "distill.init=noise"),
    "dsa": ("dsa", "distill.init=real"),
}
AUDITS = ("tracing", "deep")
_SCORES = "evaluation.networks=1,evaluation.whole_steps=1,ipc=10"
Row = dict[str, Any]


def cells(wanted: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yields ``(data set, synthetic set, audit)``, all of them or those of ``a/b/c`` names."""
    for name in DATA:
        for made in SETS:
            for kind in AUDITS:
                if not wanted or f"{name}/{made}/{kind}" in wanted:
                    yield name, made, kind


def audited(cell: tuple[str, str, str], work: Path) -> Row:
    """Distils and audits one cell, or resumes it, and returns its row."""
    name, made, kind = cell
    method, words = SETS[made]
    workdir, began = work / name / made, time.monotonic()
    resumed = workdir.exists()
    arg = ",".join(filter(None, ("quick", _SCORES, words)))
    distill.distill(config.make(method, name, arg).to_dict(), workdir)
    distilled = time.monotonic()
    result = privacy.audit(workdir, deep=kind == "deep")
    found, best = result.asdict(), max(result.attacks, key=lambda x: -min(x.p_values))
    return {
        "data": name,
        "set": made,
        "audit": kind,
        "alarm": result.alarm,
        "findings": list(result.findings),
        "strongest": {**best._asdict(), "rates": [x._asdict() for x in best.rates], "roc": None},
        "copies": found["copies"],
        "epsilon": found["epsilon"],
        "detectable": found["detectable"],
        "tried": found["tried"],
        "distil_seconds": round(distilled - began, 1),
        "audit_seconds": round(time.monotonic() - distilled, 1),
        "resumed": resumed,  # then the seconds are those of the last part
    }


def planted(name: str, repeats: int) -> Iterator[Row]:
    """Yields how often tracing raises an alarm for independent images and for planted leaks."""
    case = _Planted(name)
    for what, make in case.sets().items():
        raised = sum(case.alarm(number, make) for number in range(repeats))
        low = stats.beta.ppf(0.025, raised, repeats - raised + 1) if raised else 0.0
        high = stats.beta.ppf(0.975, raised + 1, repeats - raised) if raised < repeats else 1.0
        yield {
            "data": name,
            "planted": what,
            "alarms": raised,
            "repeats": repeats,
            "interval": [float(low), float(high)],
        }


class _Planted:
    """Random halves of a data set, and images that are passed off as their distillation."""

    def __init__(self, name: str, *, most: int = 500, ipc: int = 10) -> None:
        dataset = data.load(name, download=False)
        assert dataset.val is not None
        kept, self.ipc, self.most = pool(dataset, near=8), ipc, most
        train, held = dataset.train, dataset.val
        blank = np.zeros((1, *train.images.shape[1:]), np.float32)
        labels = np.zeros(1, np.int32)
        self.stats = data.SharedSet(blank, labels, dataset.mean, dataset.std)
        self.classes, self.names = dataset.num_classes, dataset.info.classes
        self.units, self.labels = kept.units, train.labels[kept.rows]
        self.pixels = self._inputs(train.images[kept.rows])
        self.held, self.held_labels = self._inputs(held.images), held.labels

    def sets(self) -> dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]]:
        """Returns the kinds of images: a function of ``(rng, inside)`` to images and labels."""
        return {
            "held-out images": lambda rng, inside: self._held(rng),
            "means of 20 members": lambda rng, inside: self._means(rng, inside, 20),
            "means of 100 members": lambda rng, inside: self._means(rng, inside, 100),
            "means of all members": lambda rng, inside: self._means(rng, inside, None),
        }

    def alarm(self, number: int, make: Callable[..., tuple[np.ndarray, np.ndarray]]) -> bool:
        """Returns whether the audit's tracing raises an alarm in one repeat."""
        rng = np.random.default_rng([number, 7])
        inside = half(0, number, self.labels, self.units)
        synthetic, labels = make(rng, inside)
        sides = [rng.permutation(np.flatnonzero(side))[: self.most] for side in (inside, ~inside)]
        rows = np.concatenate(sides)
        groups = group_mask(self.labels[rows], num_classes=self.classes)
        population = Population(groups, self.units[rows], len(sides[0]), self.names)
        own = group_mask(labels, num_classes=self.classes)
        held = rng.permutation(len(self.held))[: self.most]
        mask = group_mask(self.held_labels[held], num_classes=self.classes)
        found = []
        every = np.concatenate([self.held[held], self.pixels[rows]])
        masks = np.concatenate([mask, groups])
        spaces = {"pixels": features.pixels}
        spaces["whitened pixels"] = features.whitened(features.pixels, every)
        for name, space in spaces.items():
            centres = trace.group_means(space(every), masks)
            scores = trace.trace(space(self.pixels[rows]), groups, space(synthetic), own, centres)
            found += evidence.attacks(name, scores, population, resamples=1)
        flat = features.pixels(self.pixels[rows]), groups, features.pixels(synthetic), own
        found += evidence.attacks("nearest", trace.nearness(*flat), population, resamples=1)
        return bool(evidence.alarms(found, evidence.count_tests(found)))

    def _inputs(self, images: np.ndarray) -> np.ndarray:
        return as_inputs(self.stats, images)

    def _held(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        of = [np.flatnonzero(self.held_labels == c) for c in range(self.classes)]
        rows = np.concatenate([rng.permutation(some)[: self.ipc] for some in of])
        return self.held[rows], self.held_labels[rows]

    def _means(
        self, rng: np.random.Generator, inside: np.ndarray, count: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        of = [np.flatnonzero(inside & (self.labels == c)) for c in range(self.classes)]
        means = [self.pixels[rng.permutation(some)[:count]].mean(axis=0) for some in of]
        return np.stack(means), np.arange(self.classes)


def table(rows: Sequence[Row]) -> str:
    """Formats the audits, what canaries show, and the alarms of planted sets."""
    audits = [row for row in rows if "audit" in row]
    planted = [row for row in rows if "planted" in row]
    heads = ["data", "set", "audit", "alarm", "found by attacks, by comparisons", "tests"]
    heads += ["attack of the least p", "on", "AUC", "TPR at 1 % FPR", "least p", "byte for byte"]
    heads += ["AUC that would be seen on all", "runs", "minutes"]
    of_canaries = ["data", "set", "canaries included", "left out"]
    of_canaries += ["ε at least (Clopper–Pearson)", "ε at least (one run)"]
    of_planted = ["data", "passed off as synthetic", "alarms", "95 % interval"]
    parts = [
        [heads, *map(_audit_cells, audits)],
        [of_canaries, *(_canary_cells(row) for row in audits if row["epsilon"])],
        [of_planted, *map(_planted_cells, planted)],
    ]
    return "\n".join(_markdown(part) for part in parts if part[1:])


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join([head, "|---" * len(lines[0]) + "|", *rest]) + "\n"


def _audit_cells(row: Row) -> list[str]:
    area, copies = row["detectable"]["auc"], row["copies"][0]
    minutes = (row["distil_seconds"] + row["audit_seconds"]) / 60
    return [
        *(row["data"], row["set"], row["audit"], "yes" if row["alarm"] else "no"),
        *(_found(row), str(row["tried"]["tests"]), *_strongest(row["strongest"])),
        f"{copies['found']} of {copies['of']}",
        *("–" if area is None else f"{area:.3f}", str(row["tried"]["runs"])),
        f"{'≥ ' if row['resumed'] else ''}{minutes:.1f}",
    ]


def _canary_cells(row: Row) -> list[str]:
    found = row["epsilon"]["all"]
    bounds = (found[f"epsilon_{kind}"] for kind in ("clopper_pearson", "one_run"))
    counts = str(found["included"]), str(found["others"])
    return [row["data"], row["set"], *counts, *map("{:.2f}".format, bounds)]


def _planted_cells(row: Row) -> list[str]:
    low, high = row["interval"]
    share = f"{row['alarms']} of {row['repeats']}"
    return [row["data"], row["planted"], share, f"{low:.3f}–{high:.3f}"]


def _found(row: Row) -> str:
    """Counts the attacks, and the comparisons of copies, that found something."""
    attacks = sum(text.startswith(("Membership", "Canaries")) for text in row["findings"])
    return f"{attacks}, {len(row['findings']) - attacks}"


def _strongest(attack: Row) -> list[str]:
    """Formats the attack with the least p-value of all, by its AUC or by one of its rates.

    Its interval is not corrected for this choice.
    """
    low, high = attack["interval"]
    group = f"class {attack['group']}" if attack["group"] else "all"
    rate, ps = attack["rates"][0], [attack["p_value"], *(x["p_value"] for x in attack["rates"])]
    return [
        attack["name"],
        f"{group}: {attack['members']:,} members, {attack['others']:,} others",
        f"{attack['auc']:.3f} [{low:.3f}, {high:.3f}]",
        f"{100 * rate['rate']:.1f} %",
        f"{min(ps):.2g}",
    ]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("data", "set", "audit", "planted", "repeats"))


def main() -> None:
    """Makes the missing rows and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/audits"), help="folder of runs")
    parser.add_argument("--out", required=True, type=Path, help="name of the files, no suffix")
    parser.add_argument("--cells", default="", help="data/set/audit names, by commas; all if empty")
    parser.add_argument("--planted", type=int, default=0, help="repeats with planted sets")
    arguments = parser.parse_args()
    startup.set_up_jax(os.environ)
    out, where = arguments.out.with_suffix(".jsonl"), speed.about()
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []

    def add(row: Row) -> None:
        rows.append(row | where)
        with out.open("a") as file:
            file.write(f"{json.dumps(rows[-1])}\n")
        arguments.out.with_suffix(".md").write_text(table(rows))
        print(*_key(row), row.get("alarm", row.get("alarms")), flush=True)

    if arguments.planted:
        done = {_key(row) for row in rows}
        for row in planted(DATA[0], arguments.planted):
            if _key(row) not in done:
                add(row)
        return
    done = {(row["data"], row["set"], row["audit"]) for row in rows if "audit" in row}
    for cell in cells([name for name in arguments.cells.split(",") if name]):
        if cell not in done:
            add(audited(cell, arguments.work))


if __name__ == "__main__":
    main()
