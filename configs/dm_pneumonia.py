"""DM on PneumoniaMNIST (chest X-ray, 2 classes), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dm_pneumonia.py --workdir=runs/dm_pneumonia
python -m medjax.launch --config=configs/dm_pneumonia.py:quick --workdir=runs/dm_pneumonia
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {
        "iterations": 2000,
        "evaluation.every": 500,
        "distill.batch_real": 128,
        "evaluation.whole_epochs": 8,
    }
    return config.make("dm", "pneumoniamnist", arg, overrides=overrides, quick=quick)
