"""DC on BreastMNIST (ultrasound, 2 classes), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dc_breast.py --workdir=runs/dc_breast
python -m medjax.launch --config=configs/dc_breast.py:quick --workdir=runs/dc_breast
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {"evaluation.whole_epochs": 60}
    return config.make("dc", "breastmnist", arg, overrides=overrides, quick=quick)
