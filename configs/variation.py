"""Mixed sets of four classes with small and with great variation, at 10 images per class with DM.

python -m medjax.study --config=configs/variation.py --workdir=runs/variation --jobs=2
python -m medjax.study indicator --study=runs/variation

Does recovery fall with variation, at equal ipc and number of classes? All images are grey, with at
most 500 training, 100 val and 200 test images of a class. The recipes, which the tasks of
``medjax/study/tasks.py`` hold as names for ``data.load``:

| task | variation | classes |
|---|---|---|
| minor_x_ray | minor: X-ray | pneumonia's two (normal, pneumonia), MedNIST's CXR and hand |
| minor_chest | minor: chest X-ray | pneumonia's two, MedNIST's CXR, the phantom's effusion |
| minor_cells | minor: microscopy | platelets, red and white cells; the phantom's lymphoid cells |
| great_a | great | pneumonia (X-ray), malignant (ultrasound), head (CT), breast (MRI) |
| great_b | great | normal chest (X-ray), healthy (fundus), chest (CT), white cells (microscopy) |
| great_c | great | benign (ultrasound), CXR (X-ray), abdomen (CT), grade 2 (fundus) |

Three sets of each kind are few: the answer is a difference of two means of three. ``--dry_run``
says what they take. Results: not yet run.
"""

from medjax.errors import UserError
from medjax.study import config, tasks
from medjax.study.settings import usual_words

METHODS = ("random", "random_selected", "kcenter", "indicator", "dm")


def get_config(arg=None):
    if arg not in (None, ""):
        raise UserError(f"configs/variation.py takes no words after the colon, got {arg}")
    return config.make(
        datasets=[task.name for task in tasks.MIXED],
        methods=METHODS,
        ipc=(10,),
        seeds=(3,),
        words=usual_words.GRID,
        words_for=tasks.words_for(tasks.MIXED) | usual_words.from_noise(METHODS),
    )
