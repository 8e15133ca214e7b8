"""DM on any data set.

python -m medjax.launch --config=configs/dm.py:bloodmnist --workdir=runs/dm_blood
python -m medjax.launch --config=configs/dm.py:my.npz,quick,distill.init=noise --workdir=runs/mine

With these settings: not yet run. configs/presets.py has results on four MedMNIST sets.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("dm", "phantom", arg)
