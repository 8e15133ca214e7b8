"""The tasks of the study: enough of them, in enough families, each a data set or a recipe."""

import importlib.util
import pathlib

import pytest

from medjax import data
from medjax.data.mixtures.recipe import PREFIX, parse_recipe
from medjax.errors import UserError
from medjax.study import tasks

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"


def load(name):
    spec = importlib.util.spec_from_file_location(name, CONFIGS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_nineteen_in_six_families_and_more():
    families = {task.family for task in tasks.TASKS.values()}
    assert len(tasks.TASKS) >= 19 and len(families) >= 6
    assert len(tasks.TASKS) == len((*tasks.REAL, *tasks.PARTS, *tasks.MIXED, *tasks.FINDINGS))
    without = (*tasks.REAL, *tasks.PARTS)
    assert len(without) >= 19 and len({task.family for task in without}) >= 6


def test_a_recipe_is_readable_and_no_two_are_the_same():
    recipes = [task.data for task in tasks.TASKS.values() if task.data.startswith(PREFIX)]
    assert len(set(recipes)) == len(recipes) == len(tasks.PARTS) + len(tasks.MIXED)
    assert all(parse_recipe(text).parts for text in recipes)


@pytest.mark.parametrize("task", tasks.MIXED, ids=lambda task: task.name)
def test_a_mixed_task_has_four_grey_classes_of_several_sources(task):
    recipe = parse_recipe(task.data)
    assert len(set(recipe.parts)) == 4 and recipe.grayscale
    assert all(part.label for part in recipe.parts)
    assert len({part.source for part in recipe.parts}) >= 2
    assert task.variation in (tasks.MINOR, tasks.GREAT)
    assert sum(one.variation == task.variation for one in tasks.MIXED) == 3


@pytest.mark.parametrize("task", (*tasks.PARTS, *tasks.MIXED), ids=lambda task: task.name)
def test_every_recipe_makes_a_set_whose_classes_are_large_enough(task, real_data_root, recwarn):
    made = data.load(task.data, root=real_data_root)
    counts = [int((made.train.labels == c).sum()) for c in range(made.num_classes)]
    assert min(counts) >= 50  # five times the images per class of the study
    assert made.val is not None and made.train.images.shape[1:3] == (28, 28)


def test_parts_of_a_set_are_of_its_family():
    for task in tasks.PARTS:
        for source in data.loading.mixture.sources_of(task.data):
            (whole,) = [one for one in tasks.REAL if one.data == source]
            assert task.family == whole.family


def test_configs_have_the_tasks_and_the_indicator():
    study, variation = (load(name).get_config() for name in ("study_tasks", "variation"))
    names = {task.name for task in (*tasks.REAL, *tasks.PARTS, *tasks.MIXED)}
    assert {*study.datasets, *variation.datasets} == names
    for config in (study, variation):
        assert "indicator" in config.methods and config.ipc == (10,)
        for name in config.datasets:
            word = config.words_for.get(name, f"data.name={name}")
            assert word == f"data.name={tasks.task_of(name).data}"
    assert load("study_tasks").get_config("one").seeds == (1,)
    assert all(task.name in load("variation").__doc__ for task in tasks.MIXED)
    with pytest.raises(UserError, match=r"unknown argument of configs/study_tasks.py 'two'"):
        load("study_tasks").get_config("two")


def test_cells_of_the_study_are_those_of_the_tasks():
    """So that a workdir of both has each cell once."""
    from medjax.study.grid.cell import Cell, settings_of

    study, many = (load(name).get_config().to_dict() for name in ("study", "study_tasks"))
    shared = set(study["datasets"]) & set(many["datasets"])
    assert {"pneumoniamnist", "mednist", "phantom"} <= shared
    for name in shared:
        for method in ("dm", "random"):
            cell = Cell(name, method, 10, 0, "convnet")
            assert settings_of(cell, study) == settings_of(cell, many)
        assert study["validations"] == many["validations"]


def test_the_study_distils_as_the_configs_of_its_methods_do():
    """From noise, and with the rates that findings need."""
    from medjax.study.grid.cell import Cell, settings_of

    study, full = (load("study").get_config(arg).to_dict() for arg in (None, "full"))
    for name in ("phantom", "phantom_findings"):
        for method in ("dm", "auto", "idm", "dsa", "dc"):
            own = settings_of(Cell(name, method, 10, 0, "convnet"), study)
            assert own["distill.init"] == "noise"
            short = (method in ("dsa", "dc"), name) == (True, "phantom")
            assert (own["iterations"] == 40) == short
            plain = settings_of(Cell(name, method, 10, 0, "convnet"), full)
            assert plain["distill.learning_rate"] in (0.1, 0.2, 1.0), (method, name)
    named = {name: load("presets").get_config(f"{name},quick") for name in ("dm_chest", "dc_chest")}
    named |= {"auto_chest": load("presets").get_config("auto_chest,quick")}
    named |= {"dsa_chest": load("dsa_chest").get_config("quick")}
    for preset, config in named.items():
        method = preset.partition("_")[0]
        own = settings_of(Cell("phantom_findings", method, 10, 0, "convnet"), study)
        rates = [name for name in own if name.endswith("learning_rate")]
        for name in ("evaluation.learning_rate", "distill.learning_rate"):
            section, key = name.split(".")
            assert name in rates and own[name] == config[section][key], (preset, name)
        if method in ("dc", "dsa"):
            assert own["distill.net_learning_rate"] == config.distill.net_learning_rate == 0.1


def test_names():
    assert tasks.family_of("mnist_4_9") == "mnist" and tasks.family_of("mine") == "mine"
    with pytest.raises(UserError, match="did you mean 'mnist_4_9'"):
        tasks.task_of("mnist_49")
