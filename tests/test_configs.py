"""Every file in configs/: it loads, plain and quick, and what it names can be made."""

import importlib.util
import pathlib
import re

import pytest

from medjax import methods
from medjax.run import config
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "configs").glob("*.py"))
# A run of two short steps with a network that costs nothing.
TINY = "quick,net.width=4,iterations=2,evaluation.every=1"
CORESETS = {"herding", "kcenter", "random"}


def get_config(path, arg):
    spec = importlib.util.spec_from_file_location(f"config_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, module.get_config(arg)


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def path(request):
    return request.param


def test_there_is_one_for_every_method():
    stems = {path.stem for path in FILES}
    assert stems >= {*methods.names(), "quickstart", "coreset"} - CORESETS
    coreset = ROOT / "configs" / "coreset.py"
    assert {get_config(coreset, f"quick,{name}")[1].method for name in CORESETS} == CORESETS
    assert get_config(coreset, "ipc=5,kcenter,retinamnist")[1].data.name == "retinamnist"


def test_it_loads_plain_and_quick(path):
    (_, plain), (_, quick) = (get_config(path, arg) for arg in (None, "quick"))
    method = path.stem.partition("_")[0]
    expected = {"coreset": "herding", "quickstart": "dm"}.get(method, method)
    assert plain.method == quick.method == expected
    assert quick.iterations <= plain.iterations and quick.net.width <= plain.net.width
    _, five = get_config(path, "quick,ipc=5")
    assert five.ipc == 5 and five.iterations == quick.iterations
    keys = set(plain.to_dict())
    assert keys == set(config.defaults(plain.method, "phantom").to_dict())


def test_its_docstring_gives_its_command(path):
    module, made = get_config(path, None)
    commands = re.findall(r"--config=configs/(\S+?)\.py", module.__doc__ or "")
    assert path.stem == "quickstart" or (commands and set(commands) == {path.stem})
    if "_" in path.stem:
        assert made.data.name == f"{path.stem.partition('_')[2]}mnist"


# Real files may have been packed anew, which alone changes their digest.
@pytest.mark.filterwarnings("ignore:.* is not the published")
def test_what_it_names_can_be_made(path, request):
    word = "random" if path.stem == "coreset" else "distill.batch_real=8"
    _, made = get_config(path, f"{TINY},{word}")
    if not made.data.name.startswith("phantom"):
        root = request.getfixturevalue("real_data_root")
        if not (root / f"{made.data.name}.npz").is_file():
            pytest.skip(f"needs {made.data.name}.npz in {root}")
    experiment = make_experiment(Settings.from_config(made.to_dict()))
    assert experiment.dataset.info.name == made.data.name
    assert experiment.recipe.epochs == made.evaluation.epochs
    state = experiment.distiller.init(experiment.keys["distill"], experiment.real)
    assert len(state.images) == made.ipc * len(experiment.real.counts)
