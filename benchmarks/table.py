"""Runs all methods on one data set with several seeds, and compares them with random images.

    python benchmarks/table.py --data=retinamnist --quick --workdir=runs/table --out=runs/all

runs every method whose run is not yet in the workdir and resumes one that was stopped, then writes
and prints the tables of benchmarks/collect.py. The settings of a method come from
``configs/METHOD_DATA.py``, else from the preset ``METHOD_DATA``, else from ``configs/METHOD.py``.
DM, DSA and herding share a recipe, and so their baselines. Those of DC and MTT have their own
augmentation and whitening, under which all images are trained for no longer than a subset.
"""

import argparse
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import collect

from medjax import errors
from medjax.cli import startup
from medjax.run import seeds

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
METHODS = ("dm", "herding", "dsa", "dc", "mtt")
# What presets call a set; those of ``chest`` run on ``phantom_findings`` if they are quick.
SHORT = {
    "phantom_findings": "chest",
    "bccd_cells_28_derived": "blood_cells",
    "mednist_28_derived": "mednist",
}
OWN_RECIPE = ("dc", "mtt")


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
    short = SHORT.get(data, data.removesuffix("mnist"))
    # The name of an npz file in the data root is no word by itself.
    own, words = f"{method}_{short}", [f"data.name={data}" if data in SHORT else data, *words]
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


def main() -> None:
    """Runs the missing methods and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="retinamnist", help="data set, a name or a path")
    parser.add_argument("--ipc", type=int, default=10, help="images per class")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each method")
    parser.add_argument("--methods", default=",".join(METHODS), help="methods, in this order")
    parser.add_argument("--quick", action="store_true", help="settings for two CPU cores")
    parser.add_argument("--words", default="", help="more words after each config's colon")
    parser.add_argument("--workdir", required=True, type=Path, help="folder of the runs")
    parser.add_argument("--out", required=True, type=Path, help="name of both files")
    arguments = parser.parse_args()
    words = [f"ipc={arguments.ipc}", *(["quick"] if arguments.quick else [])]
    startup.set_up_jax(os.environ)
    workdirs = []
    try:
        for method in arguments.methods.split(","):
            own = ["evaluation.whole_steps=1"] if method in OWN_RECIPE else []
            config = config_of(method, arguments.data, [*words, *own, arguments.words])
            print(f"{method}:", flush=True)
            workdirs.append(arguments.workdir / method)
            seeds.distill_seeds({**config, "seeds": (arguments.seeds,)}, workdirs[-1])
    except (errors.UserError, errors.RunError) as error:
        parser.exit(2, f"{error}\n")
    print(collect.write(workdirs, arguments.out), end="")


if __name__ == "__main__":
    main()
