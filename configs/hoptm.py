"""HoP-TM on any data set.

python -m medjax.launch --config=configs/hoptm.py:bloodmnist --workdir=runs/hoptm_blood
python -m medjax.launch --config=configs/hoptm.py:my.npz,quick --workdir=runs/mine

Not yet run, neither with these settings nor with those of ``quick``.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("hoptm", "phantom", arg)
