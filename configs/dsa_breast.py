"""DSA on BreastMNIST (ultrasound, 2 classes).

python -m medjax.launch --config=configs/dsa_breast.py --workdir=runs/dsa_breast
python -m medjax.launch --config=configs/dsa_breast.py:quick --workdir=runs/dsa_breast

All images start from noise, none from a patient's.

quick, seeds 0–4: on test AUROC 0.812, 95 % interval over seeds [0.799, 0.825]; the best on val of 4
random subsets 0.755 [0.699, 0.811]; the difference, +0.057 [+0.006, +0.108], is above zero.
Distilling takes about 2 minutes of one CPU core a seed. At full length: not yet run.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise"}
    return config.make("dsa", "breastmnist", arg, overrides=overrides)
