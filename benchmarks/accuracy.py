"""Published accuracies beside those of medjax.

    python benchmarks/accuracy.py
    python benchmarks/accuracy.py --run=mnist_dc_10 --workdir=runs/mnist_dc_10 --seeds=5
    python benchmarks/accuracy.py --run=mnist_dc_10 --workdir=runs/trial --words=quick

The first prints every target as a row: published, ours, the difference in points and in what the
two protocols differ; a target that was not run says "not yet run". ``--run`` runs one, or resumes
it in its workdir, and appends its score to ``benchmarks/results/accuracy.jsonl`` with settings,
device and commit. ``--words`` are further settings, which stand beside the score. Targets are
listed in ``accuracy_targets.py``.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import speed  # for its description of the machine
from accuracy_targets import Target, targets
from gpu import records

from medjax.errors import UserError, unknown

RESULTS = Path(__file__).resolve().parent / "results" / "accuracy.jsonl"
NOT_RUN = "not yet run"
_HEADS = ("target", "published", "ours", "difference", "protocol differences", "source")


def markdown(found: Sequence[Target], results: Mapping[str, Mapping[str, Any]]) -> str:
    """Formats the targets, each beside its newest result.

    Args:
      found: the targets.
      results: what was run, by target.
    """
    lines = [f"| {' | '.join(_HEADS)} |", "|---" * len(_HEADS) + "|"]
    for target in found:
        cells = [target.name, _number(target.published, target.spread)]
        result = results.get(target.name)
        if result is None:
            cells += [NOT_RUN, "", target.differences]
        else:
            difference = f"{result['mean'] - target.published:+.1f}"
            cells += [_ours(result), difference, _differences(target, result)]
        lines.append(f"| {' | '.join([*cells, target.source])} |")
    return "\n".join(lines) + "\n"


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Returns the newest result of each target."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["target"]: row for row in rows}


def run(target: Target, workdir: Path, *, seeds: int, words: str) -> dict[str, Any]:
    """Runs a target, or resumes it, and returns its result.

    Args:
      target: the target.
      workdir: the folder of the run.
      seeds: the number of seeds.
      words: further settings; they win over those of the target.
    """
    from medjax.cli import startup
    from medjax.run import config
    from medjax.run.seeds import distill_seeds

    startup.set_up_jax(os.environ)
    settings = ",".join(filter(None, [target.words, words]))
    # "quick" comes before the settings of the target in any case.
    made = config.make(target.method, target.dataset, settings)
    made.seeds = (seeds,) if seeds > 1 else ()
    summary = distill_seeds(made.to_dict(), workdir)
    return {"target": target.name, **score_of(summary, target), "words": words}


def score_of(summary: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Returns the score of a finished run in percent.

    Args:
      summary: ``summary.json`` of one seed, or over several.
      target: whose score is read.
    """
    scores = summary["test"] if target.scored == "test" else summary["baselines"][target.scored]
    entry, several = scores[target.metric], "seeds" in summary
    interval = [100 * end for end in entry["interval"]] if several else None
    settings = summary["config"]
    networks = settings["evaluation"]["networks"]
    return {
        "mean": 100 * entry["mean"],
        "interval": interval,
        "std": None if several or networks == 1 else 100 * entry["std"],
        "seeds": len(summary["seeds"]) if several else 1,
        "networks": networks,
        "width": settings["net"].get("width"),
        "iterations": settings["iterations"],
        "commit": _commits(summary["versions"]),
    }


def _commits(versions: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Returns the commit of a run, or those of its seeds where they differ."""
    each = [versions] if isinstance(versions, Mapping) else versions
    return ", ".join(sorted({str(one["commit"]) for one in each}))


def _ours(result: Mapping[str, Any]) -> str:
    if result["interval"] is not None:
        low, high = result["interval"]
        return f"{result['mean']:.1f} [{low:.1f}, {high:.1f}], {result['seeds']} seeds"
    one = ", one network" if result["networks"] == 1 else ""  # which has no spread
    return f"{_number(result['mean'], result['std'])}, one seed{one}"


def _differences(target: Target, result: Mapping[str, Any]) -> str:
    words = result["words"]
    if not words:
        return target.differences
    what = f"{words} (width {result['width']}, {result['iterations']} iterations)"
    return f"{target.differences}; {what}"


def _number(value: float, spread: float | None) -> str:
    return f"{value:.1f}" + ("" if spread is None else f" ± {spread:.1f}")


def main() -> int:
    """Prints the table, or runs a target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", metavar="TARGET", help="runs a target and keeps its score")
    parser.add_argument("--workdir", type=Path, help="folder of the run")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    parser.add_argument("--words", default="", help="further settings, as in quick,ipc=5")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of results")
    arguments = parser.parse_args()
    known = {target.name: target for target in targets()}
    try:
        if arguments.run is not None:
            if arguments.run not in known:
                raise unknown("target", arguments.run, known)
            if arguments.workdir is None:
                raise UserError("--workdir is missing: the folder of the run")
            if arguments.seeds < 1:
                raise UserError(f"--seeds must be at least 1, got {arguments.seeds}")
            target, options = known[arguments.run], {"seeds": arguments.seeds}
            result = run(target, arguments.workdir, words=arguments.words, **options)
            # The run may be older than this commit.
            records.append(arguments.results, speed.about() | result)
            known = {target.name: target}
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(markdown([*known.values()], read_results(arguments.results)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
