"""Many tasks at 10 images per class with DM: does a cheap measurement predict the gain?

python -m medjax.study --config=configs/study_tasks.py --workdir=runs/tasks --jobs=2
python -m medjax.study indicator --study=runs/tasks

The tasks are whole sets, pairs and triples of classes of MedNIST and MNIST, and phantoms of varied
difficulty, noise and classes; ``medjax/study/tasks.py`` lists them with their families. In one
workdir, cells that ``configs/study.py`` has too are run once, and ``table.csv`` is that of the
config that ran last. With ``one``, there is a single seed.

By the rule of ``--dry_run`` it takes about eight hours on one core of a CPU. Results: not yet run.
"""

from medjax.errors import unknown
from medjax.study import config, tasks
from medjax.study.settings import usual_words

METHODS = ("random", "random_selected", "kcenter", "indicator", "dm")


def get_config(arg=None):
    if arg not in (None, "", "one"):
        raise unknown("argument of configs/study_tasks.py", arg, ("one",))
    chosen = (*tasks.REAL, *tasks.PARTS)
    return config.make(
        datasets=[task.name for task in chosen],
        methods=METHODS,
        ipc=(10,),
        seeds=(1 if arg == "one" else 3,),
        words=usual_words.GRID,
        words_for=tasks.words_for(chosen) | usual_words.from_noise(METHODS),
    )
