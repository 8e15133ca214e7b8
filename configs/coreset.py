"""Core-sets: unchanged real images, chosen by ``random``, ``herding`` or ``kcenter``.

python -m medjax.launch --config=configs/coreset.py:herding,retinamnist --workdir=runs/herding
python -m medjax.launch --config=configs/coreset.py:kcenter,distill.space=pixels --workdir=runs/k

Results of ``quick`` with five seeds on five data sets: benchmarks/results/seeds_cpu.md. At full
length: not yet run.
"""

from medjax.run import config

CHOICES = ("random", "herding", "kcenter")


def get_config(arg=None):
    words = config.split_words(arg or "")
    chosen = [word for word in words if word.key is None and word.value in CHOICES]
    method = chosen[-1].value if chosen else "herding"
    return config.make(method, "phantom", [word for word in words if word not in chosen])
