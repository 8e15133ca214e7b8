"""IDM on any data set.

python -m medjax.launch --config=configs/idm.py:bloodmnist --workdir=runs/idm_blood
python -m medjax.launch --config=configs/idm.py:my.npz,quick,distill.init=noise --workdir=runs/mine

The reference has ``distill.batch_real=5000,distill.new_network_every=5`` at one image per class and
``distill.ce_weight=0.1`` at fifty.

With these settings: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("idm", "phantom", arg)
