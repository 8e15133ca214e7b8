"""MTT on any data set.

python -m medjax.launch --config=configs/mtt.py:bloodmnist --workdir=runs/mtt_blood
python -m medjax.launch --config=configs/mtt.py:my.npz,quick,distill.init=noise --workdir=runs/mine

With these settings: not yet run. configs/presets.py has results on two MedMNIST sets.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("mtt", "phantom", arg)
