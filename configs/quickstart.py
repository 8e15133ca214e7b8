"""DM on the embedded phantom: no download, a few minutes on two CPU cores.

python -m medjax.launch --config=configs/quickstart.py --workdir=runs/quickstart

Results with several seeds: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    quick = {
        "iterations": 400,
        "evaluation.every": 200,
        "evaluation.epochs": 100,
        "evaluation.networks": 3,
        "evaluation.select_recipe": "fast",
        "evaluation.whole_steps": 500,
    }
    return config.make("dm", "phantom", ",".join(filter(None, ("quick", arg))), quick=quick)
