"""Core-sets: real images as they are, chosen by ``random``, ``herding`` or ``kcenter``.

python -m medjax.launch --config=configs/coreset.py:herding,retinamnist --workdir=runs/herding
python -m medjax.launch --config=configs/coreset.py:kcenter,distill.space=pixels --workdir=runs/k
"""

from medjax.run import config

CHOICES = ("random", "herding", "kcenter")


def get_config(arg=None):
    words = [word.strip() for word in (arg or "").split(",")]
    chosen = [word for word in words if word in CHOICES] or ["herding"]
    rest = [word for word in words if word not in CHOICES]
    return config.make(chosen[-1], "phantom", ",".join(rest))
