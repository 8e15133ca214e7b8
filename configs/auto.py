"""medjax's own method on any data set.

python -m medjax.launch --config=configs/auto.py:bloodmnist --workdir=runs/auto_blood
python -m medjax.launch --config=configs/auto.py:my.npz,quick,distill.init=noise --workdir=runs/mine

With these settings: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("auto", "phantom", arg)
