"""DM on the embedded phantom: no download, a few minutes on two CPU cores.

python -m medjax.launch --config=configs/quickstart.py --workdir=runs/quickstart
"""

from medjax.run import config


def get_config(arg=None):
    quick = {
        "iterations": 400,
        "evaluation.every": 200,
        "evaluation.epochs": 100,
        "evaluation.whole_epochs": 6,
    }
    return config.make("dm", "phantom", ",".join(filter(None, ("quick", arg))), quick=quick)
