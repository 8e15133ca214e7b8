"""DM on BreastMNIST (ultrasound, 2 classes), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dm_breast.py --workdir=runs/dm_breast
python -m medjax.launch --config=configs/dm_breast.py:quick --workdir=runs/dm_breast
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {
        "iterations": 2000,
        "evaluation.every": 500,
        "distill.batch_real": 128,
        "evaluation.whole_epochs": 60,
    }
    return config.make("dm", "breastmnist", arg, overrides=overrides, quick=quick)
