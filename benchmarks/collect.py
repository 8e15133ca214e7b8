"""Gathers finished runs into one table.

    python benchmarks/collect.py runs/* --out=benchmarks/results/quick_cpu

writes ``quick_cpu.jsonl``, one line per run with its config, seed, device and commit, and
``quick_cpu.md``, the same runs as a table. The files keep the runs they already have; a new run
replaces one with the same settings.
"""

import argparse
import json
from pathlib import Path

COLUMNS = "| method | data | chosen at | random | k-center | distilled | whole | IOR | HLR | time |"
DROPPED = ("data", "val", "val_last", "baselines_val")


def row(summary: dict) -> str:
    """Returns a run as a table row; the test score that IOR and HLR compare comes first."""

    def cell(scores):
        auroc, balanced = scores["auroc"], scores["balanced_accuracy"]
        percent = f"{100 * balanced['mean']:.1f} ± {100 * balanced['std']:.1f}"
        both = [percent, f"{auroc['mean']:.3f} ± {auroc['std']:.3f}"]
        if summary.get("compared_by") == "auroc":
            both.reverse()
        return f"{both[0]} ({both[1]})"

    baselines = summary["baselines"]
    cells = [
        summary["method"].upper(),
        summary["dataset"],
        f"step {summary['selected_step']}",
        cell(baselines["random"]),
        cell(baselines["kcenter"]),
        cell(summary["test"]),
        cell(baselines["whole"]),
        f"{summary['ior']:+.1f}",
        f"{summary['hlr']:+.1f}",
        f"{summary['time']['total_s'] / 60:.1f} min",
    ]
    return f"| {' | '.join(cells)} |"


def _settings(summary: dict) -> str:
    return json.dumps(summary["config"], sort_keys=True)


def main() -> None:
    """Reads each run's ``summary.json`` and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdirs", nargs="*", type=Path, help="folders of finished runs")
    parser.add_argument(
        "--out", required=True, type=Path, help="name of both files, without suffix"
    )
    arguments = parser.parse_args()
    lines, table = (arguments.out.with_suffix(suffix) for suffix in (".jsonl", ".md"))
    kept = lines.read_text().splitlines() if lines.exists() else []
    found = [path / "summary.json" for path in arguments.workdirs]
    new = [json.loads(path.read_text()) for path in found if path.exists()]
    summaries = {_settings(summary): summary for summary in [*map(json.loads, kept), *new]}
    text = [
        json.dumps({key: value for key, value in summary.items() if key not in DROPPED})
        for summary in summaries.values()
    ]
    lines.write_text("\n".join(text) + "\n")
    rows = [COLUMNS, "|---" * (COLUMNS.count("|") - 1) + "|", *map(row, summaries.values())]
    table.write_text("\n".join(rows) + "\n")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
