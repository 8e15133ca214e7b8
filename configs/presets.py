"""Tuned settings for one method on one data set, by name.

python -m medjax.launch --config=configs/presets.py:dc_breast --workdir=runs/dc_breast
python -m medjax.launch --config=configs/presets.py:dc_breast,quick,ipc=5 --workdir=runs/dc_breast

The name comes first, then the words that every config takes. ``dm_breast``, ``dm_pneumonia``,
``dsa_breast`` and ``dsa_chest`` are separate files. All images start from noise, none from a
patient's.

Results of ``quick`` on test, seeds 0–4: mean AUROC with its 95 % interval over seeds; the best on
val of as many random subsets as a run has validations, prepared as its images are; and the
difference, paired by seed (benchmarks/results/seeds_cpu.md). At full length no preset has been run.

| preset           | distilled            | best random          | difference              |
|------------------|----------------------|----------------------|-------------------------|
| auto_blood_cells | not yet run          |                      |                         |
| auto_chest       | not yet run          |                      |                         |
| auto_mednist     | not yet run          |                      |                         |
| dc_breast        | 0.797 [0.779, 0.815] | 0.757 [0.698, 0.817] | +0.039 [-0.033, +0.112] |
| dc_chest         | 0.849 [0.835, 0.863] | 0.803 [0.779, 0.827] | +0.045 [+0.023, +0.068] |
| dc_phantom       | 0.806 [0.788, 0.824] | 0.728 [0.699, 0.757] | +0.077 [+0.034, +0.120] |
| dc_pneumonia     | 0.919 [0.912, 0.927] | 0.902 [0.877, 0.927] | +0.018 [-0.011, +0.046] |
| dc_retina        | 0.689 [0.680, 0.699] | 0.652 [0.625, 0.679] | +0.037 [+0.013, +0.061] |
| dm_blood_cells   | not yet run          |                      |                         |
| dm_chest         | 0.878 [0.864, 0.891] | 0.835 [0.821, 0.849] | +0.043 [+0.023, +0.063] |
| dm_mednist       | not yet run          |                      |                         |
| dm_phantom       | 0.905 [0.896, 0.914] | 0.792 [0.766, 0.819] | +0.112 [+0.090, +0.135] |
| dm_retina        | 0.718 [0.715, 0.721] | 0.664 [0.644, 0.684] | +0.054 [+0.033, +0.075] |
| dsa_phantom      | 0.859 [0.843, 0.875] | 0.789 [0.760, 0.819] | +0.070 [+0.046, +0.094] |
| dsa_pneumonia    | 0.933 [0.922, 0.943] | 0.907 [0.891, 0.923] | +0.026 [-0.001, +0.052] |
| dsa_retina       | 0.692 [0.673, 0.711] | 0.660 [0.633, 0.687] | +0.032 [-0.006, +0.070] |
| idm_blood_cells  | not yet run          |                      |                         |
| idm_mednist      | not yet run          |                      |                         |
| mtt_breast       | 0.816 [0.812, 0.821] | 0.729 [0.642, 0.815] | +0.088 [+0.003, +0.172] |
| mtt_chest        | 0.841 [0.830, 0.853] | 0.843 [0.815, 0.871] | -0.002 [-0.033, +0.029] |
| mtt_phantom      | 0.928 [0.922, 0.935] | 0.846 [0.822, 0.869] | +0.083 [+0.065, +0.100] |
| mtt_pneumonia    | 0.915 [0.904, 0.926] | 0.872 [0.819, 0.924] | +0.044 [-0.012, +0.099] |
| mtt_retina       | 0.699 [0.682, 0.716] | 0.630 [0.579, 0.680] | +0.069 [+0.020, +0.119] |

The chest presets keep 10 images for each of the 14 findings and 10 for none. Their ``quick`` runs
on the embedded ``phantom_findings`` instead of the 82 MB of ChestMNIST; ``quick,chestmnist`` runs
on the real set. MTT whitens all images, including those of its baselines. ``blood_cells`` (BCCD)
and ``mednist`` are npz files in the data root, see docs/DATA.md.
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
DM_CHEST = {"distill.learning_rate": 40.0}
# A step costs as much as there are classes.
QUICK_SEVERAL = {"iterations": 40, "evaluation.every": 20}

CELLS, MEDNIST = "bccd_cells_28_derived", "mednist_28_derived"

PRESETS = {
    "auto_blood_cells": Preset("auto", CELLS, NOISE, {}),
    "auto_chest": Preset("auto", "chestmnist", NOISE, QUICK_CHEST | DM_CHEST),
    "auto_mednist": Preset("auto", MEDNIST, NOISE, {}),
    "dc_breast": Preset("dc", "breastmnist", NOISE, {}),
    "dc_chest": Preset("dc", "chestmnist", NOISE, QUICK_CHEST | {"distill.net_learning_rate": 0.1}),
    "dc_phantom": Preset("dc", "phantom", NOISE, QUICK_SEVERAL),
    "dc_pneumonia": Preset("dc", "pneumoniamnist", NOISE, {}),
    "dc_retina": Preset("dc", "retinamnist", NOISE, QUICK_SEVERAL),
    "dm_blood_cells": Preset("dm", CELLS, NOISE, {}),
    "dm_chest": Preset("dm", "chestmnist", NOISE, QUICK_CHEST | DM_CHEST),
    "dm_mednist": Preset("dm", MEDNIST, NOISE, {}),
    "dm_phantom": Preset("dm", "phantom", NOISE, {}),
    "dm_retina": Preset("dm", "retinamnist", NOISE, {}),
    "dsa_phantom": Preset("dsa", "phantom", NOISE, QUICK_SEVERAL),
    "dsa_pneumonia": Preset("dsa", "pneumoniamnist", NOISE, {}),
    "dsa_retina": Preset("dsa", "retinamnist", NOISE, QUICK_SEVERAL),
    "idm_blood_cells": Preset("idm", CELLS, NOISE, {}),
    "idm_mednist": Preset("idm", MEDNIST, NOISE, {}),
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
    if not name:
        raise UserError(f"a preset is missing after the colon: one of {', '.join(PRESETS)}")
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
