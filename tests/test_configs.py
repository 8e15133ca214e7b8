"""Every config, a file or a preset: it loads, plain and quick, and its experiment can be made."""

import importlib.util
import pathlib
import re

import numpy as np
import pytest

from medjax import methods
from medjax.cli import command_line
from medjax.errors import UserError
from medjax.run import config
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
# Of a table of runs, and of many runs.
OTHERS = {"presets", "sites", "study", "study_tasks", "transfer", "variation"}
FILES = sorted(path.stem for path in CONFIGS.glob("*.py") if path.stem not in OTHERS)
# A run of two short steps with a network that costs nothing.
TINY = "quick,net.width=4,iterations=2,evaluation.every=1"
CORESETS = {"herding", "kcenter", "random"}


def load(name):
    spec = importlib.util.spec_from_file_location(f"config_{name}", CONFIGS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NPZ = {"blood_cells": "bccd_cells_28_derived", "mednist": "mednist_28_derived"}
PRESETS = tuple(load("presets").PRESETS)


def get_config(name, arg):
    """The config of a file, or of a preset."""
    if name in PRESETS:
        return load("presets").get_config(f"{name},{arg}" if arg else name)
    return load(name).get_config(arg)


@pytest.fixture(params=[*FILES, *PRESETS])
def name(request):
    return request.param


def test_there_is_one_for_every_method():
    assert set(FILES) >= {*methods.names(), "quickstart", "coreset"} - CORESETS
    assert {get_config("coreset", f"quick,{name}").method for name in CORESETS} == CORESETS
    assert get_config("coreset", "ipc=5,kcenter,retinamnist").data.name == "retinamnist"


def test_each_has_one_name():
    assert not set(FILES) & set(PRESETS)
    assert list(load("presets").FILES) == [name for name in FILES if "_" in name]
    rows = re.findall(r"^\| (\w+_\w+) ", load("presets").__doc__, re.MULTILINE)
    assert rows == sorted(PRESETS) == list(PRESETS)


def test_it_loads_plain_and_quick(name):
    plain, quick = (get_config(name, arg) for arg in (None, "quick"))
    method = name.partition("_")[0]
    expected = {"coreset": "herding", "quickstart": "dm"}.get(method, method)
    assert plain.method == quick.method == expected
    assert quick.iterations <= plain.iterations and quick.net.width <= plain.net.width
    five = get_config(name, "quick,ipc=5")
    assert five.ipc == 5 and five.iterations == quick.iterations
    keys = set(plain.to_dict())
    assert keys == set(config.defaults(plain.method, "phantom").to_dict())


def test_its_docstring_gives_its_command(name):
    file = "presets" if name in PRESETS else name
    commands = re.findall(r"--config=configs/(\S+?)\.py", load(file).__doc__ or "")
    assert commands and set(commands) == {file}
    if "_" in name:
        data_set = name.partition("_")[2]
        assert get_config(name, None).data.name in (data_set, f"{data_set}mnist", NPZ.get(data_set))


@pytest.mark.parametrize(
    ("arg", "said"),
    [
        ("dc_brest,quick", "unknown preset 'dc_brest' (did you mean 'dc_breast'?); choose from: "),
        (
            "dsa_brest",
            "unknown preset 'dsa_brest' (did you mean the file configs/dsa_breast.py?); ",
        ),
        ("dm_pneumonia", "unknown preset 'dm_pneumonia' (did you mean the file configs/dm_pneum"),
        ("quick", "unknown preset 'quick'; choose from: auto_blood_cells, "),
        (None, "a preset is missing after the colon: one of auto_blood_cells, "),
    ],
)
def test_a_preset_that_does_not_exist(arg, said):
    with pytest.raises(UserError, match=f"^{re.escape(said)}.*$"):
        load("presets").get_config(arg)


# How ml_collections reads a config file.
@pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")
def test_a_preset_on_the_command_line():
    """The words after its name and the flags change its settings."""

    def parse(preset):
        flag = f"--config={CONFIGS / 'presets.py'}:{preset}"
        return command_line.parse(["launch", flag, "--config.seed=2", "--workdir=w"]).config

    made = parse("dsa_retina,quick,ipc=10,iterations=60")
    assert (made["method"], made["data"]["name"], made["seed"]) == ("dsa", "retinamnist", 2)
    assert (made["ipc"], made["iterations"], made["evaluation"]["every"]) == (10, 60, 20)
    assert made["distill"]["init"] == "noise"
    with pytest.raises(UserError, match=r"^unknown preset 'dsa_retna' \(did you mean"):
        parse("dsa_retna")


# Repacking real files changes their digest.
@pytest.mark.filterwarnings("ignore:.* is not the published")
def test_what_it_names_can_be_made(name, request):
    words = {"coreset": "random", "rded": "distill.num_candidates=20"}
    word = words.get(name, "distill.batch_real=8")
    made = get_config(name, f"{TINY},{word}")
    if not made.data.name.startswith("phantom"):
        root = request.getfixturevalue("real_data_root")
        if not (root / f"{made.data.name}.npz").is_file():
            pytest.skip(f"needs {made.data.name}.npz in {root}")
    experiment = make_experiment(Settings.from_config(made.to_dict()))
    assert experiment.dataset.info.name == made.data.name
    assert experiment.recipe.epochs == made.evaluation.epochs
    real, experts = experiment.real, experiment.distiller.experts
    # By this option a study knows, before any job, which methods need experts.
    assert (experts is not None) == ("num_experts" in methods.options(made.method))
    if experts is not None:
        size = methods.vector_size(experiment.net, real)
        real = real._replace(experts=np.zeros((experts.count * experts.snapshots, size), "f"))
    state = experiment.distiller.init(experiment.keys["distill"], real)
    assert len(state.images) == made.ipc * len(experiment.real.counts)


def test_the_methods_page_is_right_about_options():
    text = (ROOT / "docs" / "METHODS.md").read_text()
    known = set()
    for method in methods.names():
        settings = config.defaults(method, "phantom").to_dict()
        known |= {f"{k}.{n}" for k, v in settings.items() if isinstance(v, dict) for n in v}
        known |= set(settings)
    named = re.findall(r"`((?:data|distill|evaluation|net)\.\w+|ipc_\w+|precision)[`=]", text)
    assert len(named) > 10 and set(named) <= known
    table = text.partition("| option |")[2].partition("\n\n")[0]
    heads, _, *rows = [line.strip(" |").split(" | ") for line in table.splitlines()]
    words = {"DSA": "color_crop_cutout_flip_scale_rotate", "by `ipc`": None, "all": None}
    for column, method in enumerate(head.strip("`") for head in heads[:4]):
        shown = {}
        for row in rows:
            names, cell = re.findall(r"`(\w+)`", row[0]), row[column + 1]
            values = [words.get(value, value) for value in cell.split(", ")]
            if cell != "–":
                shown |= zip(names, values * (len(names) // len(values)), strict=True)
        options = methods.options(method)
        assert set(shown) == set(options), method
        for name, default in options.items():
            value = type(default)(shown[name]) if default is not None else shown[name]
            assert value == default, (method, name)
