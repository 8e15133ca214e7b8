"""DM on BreastMNIST (ultrasound, 2 classes).

python -m medjax.launch --config=configs/dm_breast.py --workdir=runs/dm_breast
python -m medjax.launch --config=configs/dm_breast.py:quick --workdir=runs/dm_breast

All images start from noise, none from a patient's.

quick, seeds 0–4: on test AUROC 0.825, 95 % interval over seeds [0.804, 0.846]; the best on val of 4
random subsets 0.755 [0.699, 0.811]; the difference, +0.070 [-0.004, +0.144], is not shown.
A seed takes about 5 minutes on one CPU core. At full length: not yet run.
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
