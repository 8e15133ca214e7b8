"""Several sites: each distils its part of a set alone, and one network trains on the union.

python -m medjax.study --config=configs/sites.py:mednist,quick --workdir=runs/sites_mednist
python -m medjax.study --config=configs/sites.py:pneumoniamnist,split=statistics,sites=4,quick \
    --workdir=runs/sites_pneumonia
python -m medjax.study --config=configs/sites.py:folder:scans,split=column,table=sites.csv,quick \
    --workdir=runs/sites_scans
python -m medjax.study --config=configs/sites.py:tiny --workdir=runs/sites_tiny

The words after the colon: a data set; ``quick``; ``tiny``, which shows in seconds that all works;
``split``, one of dirichlet, iid, statistics and column; ``sites``; ``beta`` of dirichlet; ``table``
and ``column`` with the site of each image; ``rounds``, ``method``, ``ipc``, ``seeds``; and settings
of all runs by their dotted key. The defaults are FedISCA's split: 5 sites, dirichlet with
``beta=0.6``. MedNIST is an npz file in the data root, which was made from public images.

Networks on real images take about 1000 steps (MedNIST: 1500), and three of each are trained.
Distilled images start from noise. Results: not yet run.
"""

from medjax.errors import UserError
from medjax.study.settings.own_words import divide_words
from medjax.study.settings.usual_words import usual_words
from medjax.study.sites import config

OPTIONS = {
    "split": "dirichlet",
    "sites": 5,
    "beta": 0.6,
    "table": "",
    "column": "site",
    "rounds": 10,
    "method": "dm",
    "ipc": 10,
    "seeds": 3,
}
TINY_OPTIONS = {"seeds": 1, "sites": 2, "rounds": 2, "ipc": 1}


def get_config(arg=None):
    words = divide_words(arg, OPTIONS)
    tiny = "tiny" in words.named
    if tiny:
        words = divide_words(arg, OPTIONS | TINY_OPTIONS)
    named = [name for name in words.named if name != "tiny"] or ["phantom"]
    if len(named) > 1:
        raise UserError(f"sites divide one data set, got {', '.join(named)}")
    dataset = named[0]
    usual = usual_words([dataset], words.runs, method=words.options["method"], tiny=tiny)
    return config.make(dataset, **words.options, **usual)
