"""DSA on BreastMNIST (ultrasound, 2 classes), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dsa_breast.py --workdir=runs/dsa_breast
python -m medjax.launch --config=configs/dsa_breast.py:quick --workdir=runs/dsa_breast
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {"evaluation.whole_epochs": 60}
    return config.make("dsa", "breastmnist", arg, overrides=overrides, quick=quick)
