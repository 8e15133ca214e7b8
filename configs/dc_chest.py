"""DC on ChestMNIST (chest X-ray, 14 findings, any number in an image).

10 images for each finding and 10 for none, each with the label row of a real image. From noise: no
image starts from a patient's. `quick` runs on the embedded `phantom_findings`, without the 82 MB of
ChestMNIST; `quick,chestmnist` on the real set.

python -m medjax.launch --config=configs/dc_chest.py --workdir=runs/dc_chest
python -m medjax.launch --config=configs/dc_chest.py:quick --workdir=runs/dc_chest

At full length not yet run. quick, 9 minutes on two cores with other work, on test: AUROC 0.854 ±
0.008, random images 0.783 ± 0.022, all images 0.954 ± 0.004.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {"distill.init": "noise", "evaluation.whole_epochs": 20}
    quick = {
        "data.name": "phantom_findings",
        "evaluation.learning_rate": 0.1,  # the loss is a mean over findings
        "distill.net_learning_rate": 0.1,
    }
    return config.make("dc", "chestmnist", arg, overrides=overrides, quick=quick)
