"""DSA on RetinaMNIST (fundus, RGB, 5 ordered grades), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dsa_retina.py --workdir=runs/dsa_retina
python -m medjax.launch --config=configs/dsa_retina.py:quick --workdir=runs/dsa_retina
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {"iterations": 40, "evaluation.every": 20, "evaluation.whole_epochs": 30}
    return config.make("dsa", "retinamnist", arg, overrides=overrides, quick=quick)
