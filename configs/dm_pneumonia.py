"""DM on PneumoniaMNIST (chest X-ray, 2 classes).

python -m medjax.launch --config=configs/dm_pneumonia.py --workdir=runs/dm_pneumonia
python -m medjax.launch --config=configs/dm_pneumonia.py:quick --workdir=runs/dm_pneumonia

All images start from noise, none from a patient's.

quick: 5.7 minutes on two CPU cores. On test, balanced accuracy 86.3 ± 0.6, AUROC 0.940 ± 0.003;
random images 80.9 ± 4.5 and 0.895 ± 0.036; all images 84.8 ± 1.8 and 0.963 ± 0.002.
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
    return config.make("dm", "pneumoniamnist", arg, overrides=overrides, quick=quick)
