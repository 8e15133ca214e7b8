"""DSA on BreastMNIST (ultrasound, 2 classes).

python -m medjax.launch --config=configs/dsa_breast.py --workdir=runs/dsa_breast
python -m medjax.launch --config=configs/dsa_breast.py:quick --workdir=runs/dsa_breast

All images start from noise, none from a patient's.

Results with several seeds, and at full length: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    return config.make("dsa", "breastmnist", arg, overrides=overrides)
