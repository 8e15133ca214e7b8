"""DSA on BreastMNIST (ultrasound, 2 classes).

python -m medjax.launch --config=configs/dsa_breast.py --workdir=runs/dsa_breast
python -m medjax.launch --config=configs/dsa_breast.py:quick --workdir=runs/dsa_breast

All images start from noise, none from a patient's.

quick: 9.8 minutes on two CPU cores. On test, balanced accuracy 74.8 ± 2.3, AUROC 0.791 ± 0.022;
random images 65.8 ± 3.3 and 0.714 ± 0.033; all images 79.0 ± 2.3 and 0.900 ± 0.007.
At full length: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    return config.make("dsa", "breastmnist", arg, overrides=overrides)
