"""What the audit finds: data sets × synthetic sets × tracing and deep.

    python benchmarks/privacy_audit.py --work=runs/audits --out=benchmarks/results/privacy_cpu
    python benchmarks/privacy_audit.py --out=… --cells=pneumoniamnist/random/tracing

distils with the ``quick`` settings, audits, and writes a row for each cell to ``.jsonl`` and the
table to ``.md``. Rows that are in the file are not made again, and a stopped distillation or audit
resumes.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import speed

from medjax import privacy
from medjax.cli import startup
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
    (workdir / "audit.json").unlink(missing_ok=True)  # whose alarm would stay
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


def table(rows: Sequence[Row]) -> str:
    """Formats the audits, and what canaries show."""
    heads = ["data", "set", "audit", "alarm", "found by attacks, by comparisons", "tests"]
    heads += ["attack of the least p", "on", "AUC", "TPR at 1 % FPR", "least p", "byte for byte"]
    heads += ["AUC that would be seen on all", "runs", "minutes"]
    of_canaries = ["data", "set", "canaries included", "left out"]
    of_canaries += ["ε at least (Clopper–Pearson)", "ε at least (one run)"]
    parts = [
        [heads, *map(_audit_cells, rows)],
        [of_canaries, *(_canary_cells(row) for row in rows if row["epsilon"])],
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


def main() -> None:
    """Makes the missing rows and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/audits"), help="folder of runs")
    parser.add_argument("--out", required=True, type=Path, help="name of the files, no suffix")
    parser.add_argument("--cells", default="", help="data/set/audit names, by commas; all if empty")
    arguments = parser.parse_args()
    startup.set_up_jax(os.environ)
    out, where = arguments.out.with_suffix(".jsonl"), speed.about()
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []

    done = {(row["data"], row["set"], row["audit"]) for row in rows}
    for cell in cells([name for name in arguments.cells.split(",") if name]):
        if cell not in done:
            rows.append(audited(cell, arguments.work) | where)
            with out.open("a") as file:
                file.write(f"{json.dumps(rows[-1])}\n")
            arguments.out.with_suffix(".md").write_text(table(rows))
            print(*cell, rows[-1]["alarm"], flush=True)


if __name__ == "__main__":
    main()
