"""DM on ChestMNIST (chest X-ray, 14 findings, any number in an image).

10 images for each finding and 10 for none, each with the label row of a real image. From noise: no
image starts from a patient's. `quick` runs on the embedded `phantom_findings`, without the 82 MB of
ChestMNIST; `quick,chestmnist` on the real set.

python -m medjax.launch --config=configs/dm_chest.py --workdir=runs/dm_chest
python -m medjax.launch --config=configs/dm_chest.py:quick --workdir=runs/dm_chest

At full length not yet run. quick, 4 minutes on two cores, on test: AUROC 0.872 ± 0.004, random
images 0.824 ± 0.036, all images 0.945 ± 0.005.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise", "evaluation.whole_epochs": 20}
    quick = {
        "data.name": "phantom_findings",
        "evaluation.learning_rate": 0.1,  # the loss is a mean over findings
        "distill.learning_rate": 40.0,  # the loss is a mean over the findings' means
    }
    return config.make("dm", "chestmnist", arg, overrides=overrides, quick=quick)
