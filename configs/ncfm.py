"""NCFM on any data set.

python -m medjax.launch --config=configs/ncfm.py:bloodmnist --workdir=runs/ncfm_blood
python -m medjax.launch --config=configs/ncfm.py:my.npz,quick,distill.init=noise --workdir=runs/mine

With these settings: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("ncfm", "phantom", arg)
