"""RDED on any data set: crops of real images, chosen by a network, without distillation.

python -m medjax.launch --config=configs/rded.py:bloodmnist --workdir=runs/rded_blood
python -m medjax.launch --config=configs/rded.py:evaluation.labels=teacher --workdir=runs/soft

The second trains on the labels that a network of all real images gives the crops, as RDED does, and
gives them to random images, too. Not yet run. The images are parts of patients' images.
"""

from medjax.run import config


def get_config(arg=None):
    return config.make("rded", "phantom", arg)
