"""IDC on any data set.

python -m medjax.launch --config=configs/idc.py:bloodmnist --workdir=runs/idc_blood
python -m medjax.launch --config=configs/idc.py:my.npz,quick,distill.init=noise --workdir=runs/mine

With these settings: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("idc", "phantom", arg)
