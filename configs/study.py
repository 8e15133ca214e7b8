"""The study: methods × data sets × images per class × seeds, beside random and all images.

python -m medjax.study --config=configs/study.py --workdir=runs/study --jobs=2
python -m medjax.study --config=configs/study.py:full --workdir=runs/study_full
python -m medjax.study --config=configs/study.py:tiny --workdir=runs/tiny

Networks have width 32, runs have the length of ``quick``, but a third of it for DC and DSA on the
five sets of three classes and more that have no findings, and each set of images is scored by three
networks and selected by the fast recipe. The dearest cells are left out: DC, DSA and ``auto`` at
50 images per class, IDM above one. With ``full`` nothing is left out, networks have width 128, and
runs are as long and are scored as the reference's. Images start from noise, as those do that leave
a site. ``tiny`` is a grid of seconds on 16×16 pixels, which shows that all works. All methods are
scored by the same recipe, with the augmentation of the data set, and are validated three times, so
one set of baselines serves all. ``indicator`` measures what may predict the gains.

The order is that of value: 10 images per class, then 1, then 50; of each, the baselines of all data
sets, the indicators, and one method after another on all data sets, IDM last. A stop leaves the
table of every method that was reached; ``--config.datasets=breastmnist``, then another one in the
same workdir, leaves that of every data set. ``--dry_run`` lists the jobs and their estimated time:
about 23 hours on one core of a CPU, of which 10 images per class take 17, and of these DSA and DC
six.

The blood cells and MedNIST are npz files in the data root, which were made from public images; the
phantoms are generated. docs/STUDY.md says what has been run so far.
"""

from medjax.errors import UserError
from medjax.study import config
from medjax.study.settings import usual_words

DATASETS = (
    "pneumoniamnist",
    "breastmnist",
    "retinamnist",
    "blood_cells",
    "mednist",
    "mnist",
    "phantom",
    "phantom_findings",
)
METHODS = ("random", "random_selected", "kcenter", "indicator")
METHODS += ("herding", "dm", "auto", "dsa", "dc", "idm")
WORDS_FOR = {
    "blood_cells": "data.name=bccd_cells_28_derived",
    "mednist": "data.name=mednist_28_derived",
    "phantom_findings": usual_words.SCORED_FINDINGS,
}
# The loss is a mean over findings, so networks, and images that match features, take ten times the
# learning rate of quick, as in configs/presets.py and dsa_chest.py.
QUICK = {
    "dm on phantom_findings": "distill.learning_rate=40.0",
    "auto on phantom_findings": "distill.learning_rate=40.0",
    "idm on phantom_findings": "distill.learning_rate=8.0,distill.net_learning_rate=0.1",
    "dsa on phantom_findings": "distill.net_learning_rate=0.1",
    "dc on phantom_findings": "distill.net_learning_rate=0.1",
}
# A step of DC and DSA costs as much as there are classes.
SEVERAL = ("retinamnist", "blood_cells", "mednist", "mnist", "phantom")
QUICK |= {f"{method} on {name}": "iterations=40" for method in ("dc", "dsa") for name in SEVERAL}
DEAR = ("idm:10", "idm:50", "auto:50", "dsa:50", "dc:50")
# The shortest runs that show anything; a network of width 4 costs nothing.
TINY = (
    "quick,evaluation.augment=auto,data.prepare=resize(16),net.width=4,net.depth=1,iterations=6,"
    "evaluation.epochs=6,evaluation.networks=2,evaluation.select_networks=1,"
    "evaluation.whole_steps=20"
)
FULL = "evaluation.epochs=1000,evaluation.augment=auto"
ARGUMENTS = ("full", "tiny")


def get_config(arg=None):
    if arg == "tiny":
        return config.make(
            datasets=("phantom",),
            methods=("random", "dm"),
            ipc=(1,),
            seeds=(2,),
            words=TINY,
            words_for=usual_words.from_noise(("dm",)),
        )
    if arg not in (None, "", "full"):
        raise UserError(
            f"configs/study.py takes {' or '.join(ARGUMENTS)} after the colon, got {arg}; other "
            "settings are flags, as in --config.datasets=breastmnist"
        )
    full = arg == "full"
    made = config.make(
        datasets=DATASETS,
        methods=METHODS,
        ipc=(10, 1, 50),
        seeds=(5, 3, 3),
        words=FULL if full else usual_words.GRID,
        words_for=WORDS_FOR | usual_words.from_noise(METHODS) | ({} if full else QUICK),
    )
    made.without = () if full else DEAR
    return made
