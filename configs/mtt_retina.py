"""MTT on RetinaMNIST (fundus, RGB, 5 ordered grades), whitened.

From noise: no image starts from a patient's. The experts' and the step size's settings are those
of a study of medical sets (arXiv 2407.14429), the learning rate that of the reference for as few
whitened images.

python -m medjax.launch --config=configs/mtt_retina.py --workdir=runs/mtt_retina
python -m medjax.launch --config=configs/mtt_retina.py:quick --workdir=runs/mtt_retina

At full length not yet run. quick, 9 minutes on two cores, on test: AUROC 0.700 ± 0.009, balanced
accuracy 35.5 ± 2.0; whitened random images 0.610 ± 0.056 and 30.5 ± 5.1; all images 0.737 ± 0.006
and 34.4 ± 2.5. The loss goes from 1.58, the mean of the first ten iterations, to 0.74.
"""

from medjax.run import config


def get_config(arg=None):
    overrides = {
        "distill.init": "noise",
        "data.prepare": "zca(mtt)",
        "distill.learning_rate": 100.0,
        "distill.max_start_epoch": 20,
        "distill.step_size_learning_rate": 1e-6,
    }
    quick = {"evaluation.whole_epochs": 30}
    return config.make("mtt", "retinamnist", arg, overrides=overrides, quick=quick)
