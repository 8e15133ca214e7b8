"""Transfer: trained on a set, or on images distilled from it, and scored on another.

python -m medjax.study --config=configs/transfer.py:phantoms,quick --workdir=runs/transfer
python -m medjax.study --config=configs/transfer.py:pneumonia,target=folder:chest,quick \
    --workdir=runs/transfer_pneumonia
python -m medjax.study --config=configs/transfer.py:mednist_chest,target=folder:mednist,quick \
    --workdir=runs/transfer_mednist
python -m medjax.study --config="configs/transfer.py:source=a.npz,target=b.npz,classes='0=2,1=0'" \
    --workdir=runs/transfer_own
python -m medjax.study --config=configs/transfer.py:tiny --workdir=runs/transfer_tiny

A pair comes first: ``phantoms``, the embedded chests and those of a portable machine;
``pneumonia``, PneumoniaMNIST and a folder of other chest X-rays; ``mednist_chest``, the radiographs
and CT of the chest in MedNIST's npz file and in a folder of its pictures. ``classes`` pairs classes
of the source with those of the target; without it, classes of equal names are partners. The other
words: ``quick``; ``tiny``, which shows in seconds that all works; ``source``, ``target``,
``method``, ``ipc``, ``seeds``; and settings of all runs by their dotted key.

Networks on real images take 1000 steps, and three of each are trained. Distilled images start from
noise. Results: not yet run.
"""

from medjax.errors import UserError, unknown
from medjax.study.settings.own_words import divide_words
from medjax.study.settings.usual_words import usual_words
from medjax.study.transfer import config

PAIRS = {
    "phantoms": {"source": "phantom", "target": "phantom_bedside"},
    "pneumonia": {"source": "pneumoniamnist"},
    "mednist_chest": {"source": "mednist", "classes": "2=CXR,3=ChestCT"},
}
OPTIONS = {"source": "", "target": "", "classes": "", "method": "dm", "ipc": 10, "seeds": 3}
TINY_OPTIONS = {"seeds": 1, "ipc": 1}


def get_config(arg=None):
    words = divide_words(arg, OPTIONS)
    tiny, pairs = "tiny" in words.named, [name for name in words.named if name != "tiny"]
    if not pairs and not words.options["source"]:
        pairs = ["phantoms"]
    if len(pairs) > 1:
        raise UserError(f"transfer takes one pair of data sets, got {', '.join(pairs)}")
    usual = OPTIONS | (TINY_OPTIONS if tiny else {})
    for name in pairs:
        if name not in PAIRS:
            raise unknown("pair of data sets", name, PAIRS)
        usual |= PAIRS[name]
    words = divide_words(arg, usual)
    own = words.options
    sets = own.pop("source"), own.pop("target")
    if not all(sets):
        raise UserError("target is missing: the set to score on, as in target=folder:chest")
    named = [part.partition("=") for part in own.pop("classes").split(",") if part.strip()]
    for ours, sign, _ in named:
        if not sign:
            raise UserError(f"classes takes pairs, as in '0=2,1=0', got {ours}")
    classes = {ours.strip(): theirs.strip() for ours, _, theirs in named}
    usual = usual_words(sets, words.runs, method=own["method"], tiny=tiny)
    return config.make(*sets, classes=classes, **own, **usual)
