"""DM on RetinaMNIST (fundus, RGB, 5 ordered grades), from noise: no image starts from a patient's.

python -m medjax.launch --config=configs/dm_retina.py --workdir=runs/dm_retina
python -m medjax.launch --config=configs/dm_retina.py:quick --workdir=runs/dm_retina
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    quick = {"evaluation.whole_epochs": 30}
    return config.make("dm", "retinamnist", arg, overrides=overrides, quick=quick)
