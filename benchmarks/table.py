"""Runs all methods on one data set: core-sets, distilled sets and all images.

    python benchmarks/table.py --data=retinamnist --ipc=10 --workdir=runs/table --out=runs/table/all
    python benchmarks/table.py --data=retinamnist --ipc=10 --workdir=runs/quick --quick

runs every method whose run is not yet in the workdir, resumes one that was stopped, then prints
the scores and, with ``--out``, writes the test scores as ``.md`` and everything as ``.jsonl``.
Random, k-center and whole are the baselines of the first run, under its recipe: each network of
random has its own subset, and k-center is chosen in the embedding of the first network of whole.
Herding, and k-center if it is one of the methods, choose in the embedding of their own network. The
settings of a method come from ``configs/METHOD_DATA.py``, else from the preset ``METHOD_DATA``,
else from ``configs/METHOD.py``.
"""

import argparse
import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from medjax import errors
from medjax.cli import startup
from medjax.run import distill
from medjax.run.metrics import jsonable
from medjax.run.report import NOTHING, Row, metric_name, metric_text, ordered, scores_table

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
NOTE = (
    "k-center: in the embedding of the first network of whole; herding: in that of a network "
    "trained for 20 epochs without augmentation.\n"
)
METHODS = ("dm", "dc", "dsa", "mtt", "herding")
CORE_SETS = ("herding", "kcenter")
BASELINES = {"random": "random", "kcenter": "k-center", "whole": "whole"}


def config_of(method: str, data: str, words: Sequence[str]) -> dict[str, Any]:
    """Returns the settings of a method on a data set.

    Args:
      method: the name of a config, such as ``dm``, or of a core-set.
      data: a name or a path.
      words: more words for the config, as after its colon.

    Returns:
      The settings, as ``distill.distill`` takes them.

    Raises:
      UserError: if the method has no config, or a word is wrong.
    """
    own, words = f"{method}_{data.removesuffix('mnist')}", [data, *words]
    if (CONFIGS / f"{own}.py").is_file():
        config_file = _load(own)
    elif own in _load("presets").PRESETS:
        config_file, words = _load("presets"), [own, *words]
    elif (CONFIGS / f"{method}.py").is_file():
        config_file = _load(method)
    else:
        config_file, words = _load("coreset"), [method, *words]
    return config_file.get_config(",".join(words)).to_dict()


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CONFIGS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(summaries: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Returns the table: the baselines of the first run around the results of each method.

    Args:
      summaries: the summary of each run, by method.

    Returns:
      A row for each training set.
    """
    first = next(iter(summaries.values()))
    val, test = (first.get(name) or {} for name in ("baselines_val", "baselines"))
    rows = {name: Row(shown, val.get(name), test[name]) for name, shown in BASELINES.items()}
    chosen = [Row(m, s["val"], s["test"]) for m, s in summaries.items() if m in CORE_SETS]
    made = [Row(m.upper(), s["val"], s["test"]) for m, s in summaries.items()]
    made = [row for row in made if row.name.lower() not in CORE_SETS]
    table = [rows["random"], rows["kcenter"], *chosen, *made, rows["whole"]]
    if "nothing" in test:
        table.append(Row(NOTHING, val.get("nothing"), test["nothing"]))
    return table


def markdown(rows: Sequence[Row], *, first: str | None = None) -> str:
    """Formats the test scores as a table, one metric first, accuracies in per cent."""
    metrics = ordered((name for row in rows for name in row.test or ()), first=first)
    heads = [metric_name(metric) for metric in metrics]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(metrics) + 1) + "|"]
    for row in rows:
        cells = [metric_text(row.test, metric) for metric in metrics]
        lines.append(f"| {' | '.join([row.name, *cells])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the missing methods and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="retinamnist", help="data set, a name or a path")
    parser.add_argument("--ipc", type=int, default=10, help="images per class")
    parser.add_argument("--methods", default=",".join(METHODS), help="methods, in this order")
    parser.add_argument("--quick", action="store_true", help="settings for two CPU cores")
    parser.add_argument("--words", default="", help="more words after each config's colon")
    parser.add_argument("--workdir", required=True, type=Path, help="folder of the runs")
    parser.add_argument("--out", type=Path, help="name of both files, without suffix")
    arguments = parser.parse_args()
    words = [f"ipc={arguments.ipc}", *(["quick"] if arguments.quick else []), arguments.words]
    startup.set_up_jax(os.environ)
    summaries = {}
    try:
        for method in arguments.methods.split(","):
            config = config_of(method, arguments.data, words)
            print(f"{method}:", flush=True)
            summaries[method] = distill.distill(config, arguments.workdir / method)
    except (errors.UserError, errors.RunError) as error:
        parser.exit(2, f"{error}\n")
    rows = rows_of(summaries)
    first = next(iter(summaries.values())).get("headline")
    print(f"{scores_table(rows, first=first)}\n\n{NOTE}", end="")
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.with_suffix(".md").write_text(f"{markdown(rows, first=first)}\n{NOTE}")
        lines = [json.dumps(jsonable(summary)) for summary in summaries.values()]
        arguments.out.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
