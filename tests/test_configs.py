"""Every file in configs/: it loads, plain and quick, and what it names can be made."""

import importlib.util
import pathlib
import re

import pytest

from medjax import config, methods
from medjax.experiment import make_experiment

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "configs").glob("*.py"))
# A run of two short steps with a network that costs nothing.
TINY = "quick,net.width=4,distill.batch_real=8,iterations=2,evaluation.every=1"


def get_config(path, arg):
    spec = importlib.util.spec_from_file_location(f"config_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, module.get_config(arg)


@pytest.fixture(params=FILES, ids=[path.stem for path in FILES])
def path(request):
    return request.param


def test_there_is_one_for_every_method():
    assert {path.stem for path in FILES} >= {*methods.names(), "quickstart"}


def test_it_loads_plain_and_quick(path):
    (_, plain), (_, quick) = (get_config(path, arg) for arg in (None, "quick"))
    method = path.stem.partition("_")[0]
    assert plain.method == quick.method == (method if method in methods.names() else "dm")
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
    _, made = get_config(path, TINY)
    if not made.data.name.startswith("phantom"):
        root = request.getfixturevalue("real_data_root")
        if not (root / f"{made.data.name}.npz").is_file():
            pytest.skip(f"needs {made.data.name}.npz in {root}")
    experiment = make_experiment(made.to_dict())
    assert experiment.dataset.info.name == made.data.name
    assert experiment.recipe.epochs == made.evaluation.epochs
    state = experiment.distiller.init(experiment.keys["distill"], experiment.real)
    assert len(state.images) == made.ipc * experiment.dataset.num_classes
