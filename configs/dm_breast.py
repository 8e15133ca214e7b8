"""DM on BreastMNIST (ultrasound, 2 classes).

python -m medjax.launch --config=configs/dm_breast.py --workdir=runs/dm_breast
python -m medjax.launch --config=configs/dm_breast.py:quick --workdir=runs/dm_breast

All images start from noise, none from a patient's.

quick: 6.1 minutes on two CPU cores. On test, balanced accuracy 73.2 ± 1.8, AUROC 0.823 ± 0.007;
random images 65.9 ± 3.0 and 0.712 ± 0.033; all images 78.5 ± 2.8 and 0.901 ± 0.010.
At full length: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {
        "iterations": 2000,
        "evaluation.every": 500,
        "distill.batch_real": 128,
    }
    return config.make("dm", "breastmnist", arg, overrides=overrides, quick=quick)
