"""The study: methods × data sets × images per class × seeds, beside random and all images.

python -m medjax.study --config=configs/study.py --workdir=runs/study --jobs=2
python -m medjax.study --config=configs/study.py:full --workdir=runs/study_full
python -m medjax.study --config=configs/study.py:tiny --workdir=runs/tiny

Networks have width 32 and runs the length of ``quick``, without DC and DSA at 50 images per class,
where an iteration updates the images 50 times; with ``full``, width 128, the length of the
reference, and nothing left out. ``tiny`` is a grid of seconds on 16×16 pixels, which shows that all
works. All methods are scored by the same recipe, with the augmentation of the data set, and are
validated three times, so one set of baselines serves all. ``indicator`` measures what may predict
the gains.

The order is that of value: 10 images per class, then 1, then 50; of each, the baselines of all data
sets, the indicators, and one method after another on all data sets, the cheapest first, DC last.
A stop leaves the table of every method that was reached. ``--dry_run`` lists the jobs and their
estimated time: about 34 hours on one core of a CPU, of which 10 images per class take 23,
and of these DSA and DC six each.

The blood cells and MedNIST are npz files in the data root, which were made from public images; the
phantoms are generated. Results: not yet run.
"""

from medjax.errors import unknown
from medjax.study import config

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
METHODS += ("herding", "dm", "idm", "dsa", "dc")
WORDS_FOR = {
    "blood_cells": "data.name=bccd_cells_28_derived",
    "mednist": "data.name=mednist_28_derived",
    # The loss is a mean over findings, so networks need a larger learning rate.
    "phantom_findings": "evaluation.learning_rate=0.1",
}
DEAR = ("dc:50", "dsa:50")
SCORED = "evaluation.augment=auto"
# The shortest runs that show anything; a network of width 4 costs nothing.
TINY = (
    f"quick,{SCORED},data.prepare=resize(16),net.width=4,net.depth=1,iterations=6,"
    "evaluation.epochs=6,evaluation.networks=2,evaluation.select_networks=1,"
    "evaluation.whole_steps=20"
)
ARGUMENTS = ("full", "tiny")


def get_config(arg=None):
    if arg == "tiny":
        return config.make(
            datasets=("phantom",), methods=("random", "dm"), ipc=(1,), seeds=(2,), words=TINY
        )
    if arg not in (None, "", "full"):
        raise unknown("argument of configs/study.py", arg, ARGUMENTS)
    length = "evaluation.epochs=1000" if arg == "full" else "quick"
    made = config.make(
        datasets=DATASETS,
        methods=METHODS,
        ipc=(10, 1, 50),
        seeds=(5, 3, 3),
        words=f"{length},{SCORED}",
        words_for=WORDS_FOR,
    )
    made.without = () if arg == "full" else DEAR
    return made
