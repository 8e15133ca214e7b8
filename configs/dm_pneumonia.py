"""DM on PneumoniaMNIST (chest X-ray, 2 classes).

python -m medjax.launch --config=configs/dm_pneumonia.py --workdir=runs/dm_pneumonia
python -m medjax.launch --config=configs/dm_pneumonia.py:quick --workdir=runs/dm_pneumonia

All images start from noise, none from a patient's.

quick, seeds 0–4: on test AUROC 0.927, 95 % interval over seeds [0.911, 0.944]; the best on val of 4
random subsets 0.907 [0.891, 0.923]; the difference, +0.020 [-0.000, +0.040], is not shown.
A seed takes about 10 minutes on one CPU core. At full length: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {
        "iterations": 2000,
        "evaluation.every": 500,
        "distill.batch_real": 128,
    }
    return config.make("dm", "pneumoniamnist", arg, overrides=overrides, quick=quick)
