"""Tuned settings for one method on one data set, by name.

python -m medjax.launch --config=configs/presets.py:dc_breast --workdir=runs/dc_breast
python -m medjax.launch --config=configs/presets.py:dc_breast,quick,ipc=5 --workdir=runs/dc_breast

The name comes first, then the words that every config takes. ``dm_breast``, ``dm_pneumonia``,
``dsa_breast`` and ``dsa_chest`` are separate files. All images start from noise, none from a
patient's.

Results of ``quick`` on test: mean ± standard deviation over 5 networks, seed 0, 10 images per
class, two CPU cores; benchmarks/results/quick_cpu.jsonl has the device and commit of each row. The
score is balanced accuracy in percent, for the chest presets AUROC. Networks train on random images
and on all images by the same recipe. At full length no preset has been run yet.

| preset        | distilled     | random images | all images    | minutes |
|---------------|---------------|---------------|---------------|---------|
| dc_breast     | 71.9 ± 2.8    | 63.9 ± 1.9    | 81.4 ± 2.3    | 9.4     |
| dc_chest      | 0.854 ± 0.008 | 0.783 ± 0.022 | 0.954 ± 0.004 | 9.3     |
| dc_phantom    | not yet run   |               |               |         |
| dc_pneumonia  | 83.8 ± 0.4    | 77.8 ± 4.7    | 82.1 ± 1.2    | 9.4     |
| dc_retina     | 34.4 ± 1.2    | 32.1 ± 6.1    | 35.9 ± 1.6    | 7.2     |
| dm_chest      | 0.872 ± 0.004 | 0.824 ± 0.036 | 0.945 ± 0.005 | 3.6     |
| dm_phantom    | not yet run   |               |               |         |
| dm_retina     | 35.0 ± 1.1    | 33.5 ± 5.5    | 37.0 ± 1.9    | 6.7     |
| dsa_phantom   | not yet run   |               |               |         |
| dsa_pneumonia | 84.8 ± 1.4    | 80.9 ± 4.5    | 84.8 ± 1.8    | 10.2    |
| dsa_retina    | 35.3 ± 0.5    | 33.5 ± 5.5    | 37.0 ± 1.9    | 8.7     |
| mtt_breast    | not yet run   |               |               |         |
| mtt_chest     | not yet run   |               |               |         |
| mtt_phantom   | not yet run   |               |               |         |
| mtt_pneumonia | 81.1 ± 2.1    | 69.9 ± 3.1    | 84.4 ± 1.3    | 5.9     |
| mtt_retina    | 35.5 ± 2.0    | 30.5 ± 5.1    | 34.4 ± 2.5    | 8.7     |

The chest presets keep 10 images for each of the 14 findings and 10 for none. Their ``quick`` runs
on the embedded ``phantom_findings`` instead of the 82 MB of ChestMNIST; ``quick,chestmnist`` runs
on the real set. MTT whitens all images, including those of its baselines.
"""

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax.errors import UserError, unknown
from medjax.run import config


class Preset(NamedTuple):
    """A method, a data set, and the settings in which they differ from the defaults."""

    method: str
    dataset: str
    overrides: Mapping[str, Any]
    quick: Mapping[str, Any]


NOISE = {"distill.init": "noise"}
# The experts and the step size come from a study of medical sets (arXiv 2407.14429); the
# learning rate is the reference's for as few whitened images.
WHITENED = NOISE | {
    "data.prepare": "zca(mtt)",
    "distill.learning_rate": 100.0,
    "distill.max_start_epoch": 20,
    "distill.step_size_learning_rate": 1e-6,
}
# The loss is a mean over findings, so networks and DM's images need larger learning rates.
QUICK_CHEST = {"data.name": "phantom_findings", "evaluation.learning_rate": 0.1}
# A step costs as much as there are classes.
QUICK_SEVERAL = {"iterations": 40, "evaluation.every": 20}

PRESETS = {
    "dc_breast": Preset("dc", "breastmnist", NOISE, {}),
    "dc_chest": Preset("dc", "chestmnist", NOISE, QUICK_CHEST | {"distill.net_learning_rate": 0.1}),
    "dc_phantom": Preset("dc", "phantom", NOISE, QUICK_SEVERAL),
    "dc_pneumonia": Preset("dc", "pneumoniamnist", NOISE, {}),
    "dc_retina": Preset("dc", "retinamnist", NOISE, QUICK_SEVERAL),
    "dm_chest": Preset("dm", "chestmnist", NOISE, QUICK_CHEST | {"distill.learning_rate": 40.0}),
    "dm_phantom": Preset("dm", "phantom", NOISE, {}),
    "dm_retina": Preset("dm", "retinamnist", NOISE, {}),
    "dsa_phantom": Preset("dsa", "phantom", NOISE, QUICK_SEVERAL),
    "dsa_pneumonia": Preset("dsa", "pneumoniamnist", NOISE, {}),
    "dsa_retina": Preset("dsa", "retinamnist", NOISE, QUICK_SEVERAL),
    "mtt_breast": Preset("mtt", "breastmnist", WHITENED, {}),
    "mtt_chest": Preset("mtt", "chestmnist", WHITENED, QUICK_CHEST),
    "mtt_phantom": Preset("mtt", "phantom", WHITENED, {}),
    "mtt_pneumonia": Preset("mtt", "pneumoniamnist", WHITENED, {}),
    "mtt_retina": Preset("mtt", "retinamnist", WHITENED, {}),
}


FILES = ("dm_breast", "dm_pneumonia", "dsa_breast", "dsa_chest")


def get_config(arg=None):
    name, _, words = (arg or "").partition(",")
    name = name.strip()
    if name not in PRESETS:
        near = difflib.get_close_matches(name.lower(), [*PRESETS, *FILES], n=1)
        if near and near[0] in FILES:
            raise UserError(
                f"unknown preset {name!r} (did you mean the file configs/{near[0]}.py?); "
                f"choose from: {', '.join(PRESETS)}"
            )
        raise unknown("preset", name, PRESETS)
    method, dataset, overrides, quick = PRESETS[name]
    return config.make(method, dataset, words, overrides=overrides, quick=quick)
