"""Gathers finished runs into one table.

    python benchmarks/collect.py runs/* --out=benchmarks/results/quick_cpu

writes ``quick_cpu.jsonl``, one line for each run with its config, seed, device and commit, and
``quick_cpu.md``, the same as a table.
"""

import argparse
import json
from pathlib import Path

COLUMNS = "| method | data | chosen at | random | k-center | distilled | whole | IOR | HLR | time |"
DROPPED = ("data", "val", "val_last", "baselines_val")


def row(summary: dict) -> str:
    """One run as a table row: test AUROC, with balanced accuracy in brackets."""

    def cell(scores):
        auroc, balanced = scores["auroc"], scores["balanced_accuracy"]
        percent = 100 * balanced["mean"]
        return f"{auroc['mean']:.3f} ± {auroc['std']:.3f} ({percent:.1f})"

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


def main() -> None:
    """Reads each run's ``summary.json`` and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdirs", nargs="+", type=Path, help="folders of finished runs")
    parser.add_argument("--out", required=True, type=Path, help="name of both files, no ending")
    arguments = parser.parse_args()
    found = [path / "summary.json" for path in arguments.workdirs]
    summaries = [json.loads(path.read_text()) for path in found if path.exists()]
    lines = [
        json.dumps({key: value for key, value in summary.items() if key not in DROPPED})
        for summary in summaries
    ]
    arguments.out.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")
    table = [COLUMNS, "|---" * (COLUMNS.count("|") - 1) + "|", *map(row, summaries)]
    arguments.out.with_suffix(".md").write_text("\n".join(table) + "\n")
    print("\n".join(table))


if __name__ == "__main__":
    main()
