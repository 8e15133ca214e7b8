"""DSA on PneumoniaMNIST (chest X-ray, 2 classes), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dsa_pneumonia.py --workdir=runs/dsa_pneumonia
python -m medjax.launch --config=configs/dsa_pneumonia.py:quick --workdir=runs/dsa_pneumonia
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {"evaluation.whole_epochs": 8}
    return config.make("dsa", "pneumoniamnist", arg, overrides=overrides, quick=quick)
