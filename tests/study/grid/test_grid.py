"""The grid: the runs that cells stand for, their order, and what cells share."""

import dataclasses
import importlib.util
import math
import pathlib

import pytest

from medjax.errors import UserError
from medjax.study import config
from medjax.study.grid import cell, grid
from medjax.study.grid.facts import Facts, facts_of
from medjax.study.jobs import performing

ROOT = pathlib.Path(__file__).resolve().parents[3]
WORDS = "quick,evaluation.augment=auto,data.prepare=resize(16),net.width=4"


def study(**changes):
    made = config.make(datasets=("phantom",), methods=("random", "dm"), ipc=(2,), words=WORDS)
    made.update(changes)
    return made.to_dict()


@pytest.fixture(scope="module")
def made():
    """Two methods on two data sets at two ipc, with two and one seeds."""
    settings = study(
        datasets=("phantom", "phantom_findings"), methods=("dm", "dc"), ipc=(2, 1), seeds=(2, 1)
    )
    return grid.make_grid(settings)


def test_the_order_is_that_of_value(made):
    titles = [job.title for job in made.jobs if job.seed == 0]
    first = [
        "phantom · baselines · ipc 2 · seed 0",
        "phantom_findings · baselines · ipc 2 · seed 0",
        "phantom · dm · ipc 2 · seed 0",
        "phantom_findings · dm · ipc 2 · seed 0",
        "phantom · dc · ipc 2 · seed 0",
        "phantom_findings · dc · ipc 2 · seed 0",
    ]
    assert titles == [*first, *(title.replace("ipc 2", "ipc 1") for title in first)]
    assert [job.seed for job in made.jobs if job.method == "dm" and job.ipc == 2] == [0, 1, 0, 1]


def test_each_run_needs_the_baselines_of_its_cell(made):
    for job in made.jobs:
        if job.kind == "distil":
            (need,) = job.needs
            assert need in made.jobs[: made.jobs.index(job)]
            assert (need.dataset, need.ipc, need.seed) == (job.dataset, job.ipc, job.seed)


def test_a_job_has_the_digest_of_its_data_and_counts(made):
    found = facts_of(cell.config_of(made.jobs[0].settings["run"])["data"])
    assert made.jobs[0].data == found.digest
    assert found.class_sizes == (500,) * 4 and (found.images, found.pixels) == (2000, 256)
    assert made.jobs[0].settings["classes"] == 4


def test_more_seeds_keep_the_names_of_the_others(made):
    fewer = grid.make_grid(study(datasets=("phantom",), methods=("dm",), seeds=(1,)))
    assert set(fewer.jobs) <= set(made.jobs)


def test_a_setting_changes_the_names_of_the_jobs_that_it_is_for():
    before = grid.make_grid(study(seeds=(1,))).jobs
    after = grid.make_grid(study(seeds=(1,), words_for={"dm": "iterations=90"})).jobs
    assert before[0] == after[0] and before[1] != after[1]


def test_places_do_not_change_the_names():
    found = [
        grid.make_grid(study(seeds=(1,), words=f"{WORDS},{place}")).jobs
        for place in ("data.download=True", "log_every=7,data.cache=elsewhere")
    ]
    assert found[0] == found[1]


def validations(settings):
    """How often a run is validated, see ``run.judging.baseline_plan``."""
    return math.ceil(settings["iterations"] / settings["evaluation.every"])


def test_each_method_is_validated_as_often():
    settings = [
        cell.settings_of(cell.Cell("phantom", method, 2, 0, "convnet"), study())
        for method in ("dm", "dc", "random")
    ]
    assert [validations(s) for s in settings[:2]] == [3, 3]
    assert settings[2]["iterations"] == 1


@pytest.mark.parametrize("iterations", [20_000, 1000, 40, 7])
def test_no_set_is_chosen_from_more_than_the_best_random_images(iterations):
    """The end counts: every 6,666 of 20,000 iterations would be four validations."""
    settings = cell.settings_of(
        cell.Cell("phantom", "dm", 2, 0, "convnet"), study(words=f"iterations={iterations}")
    )
    assert validations(settings) == 3


def test_the_config_of_a_cell_comes_back_from_its_settings():
    settings = study(words_for={"phantom": "seed=4", "dm": "distill.init=noise,seed=5"})
    found = cell.settings_of(cell.Cell("phantom", "dm", 2, 3, "lenet"), settings)
    made = cell.config_of(found)
    assert (made["seed"], made["ipc"], made["net"]["name"]) == (3, 2, "lenet")
    assert made["distill"]["init"] == "noise" and made["data"]["prepare"] == "resize(16)"


def test_words_for_a_method_on_a_data_set_come_last_and_are_for_no_other():
    made = config.make(
        datasets=("phantom", "phantom_findings"),
        methods=("dm", "dc"),
        words=WORDS,
        words_for={
            "dm on phantom": "iterations=7",
            "dm": "iterations=8",
            "phantom": "iterations=9",
        },
    )
    found = {(job.dataset, job.method): job for job in grid.make_grid(made.to_dict()).jobs}
    steps = {name: job.settings["run"]["iterations"] for name, job in found.items()}
    assert steps["phantom", "dm"] == 7 and steps["phantom", "dc"] == 9
    assert steps["phantom_findings", "dm"] == 8 and steps["phantom_findings", "dc"] == 120


def test_a_name_may_stand_for_a_data_set():
    settings = study(
        datasets=("cells",), words_for={"cells": "data.name=phantom_cells"}, seeds=(1,)
    )
    job = grid.make_grid(settings).jobs[-1]
    assert job.dataset == "cells" and job.settings["run"]["data.name"] == "phantom_cells"


def test_other_networks_than_the_first_are_named():
    found = grid.make_grid(study(networks=("convnet", "lenet"), seeds=(1,))).jobs
    assert [job.method for job in found] == ["baselines", "dm", "baselines@lenet", "dm@lenet"]


def test_a_set_with_a_small_class_has_no_cells_of_a_large_ipc():
    found = grid.make_grid(study(ipc=(1, 2), least_class=251.0, seeds=(1,)))
    assert {job.ipc for job in found.jobs} == {1} and found.skipped == [
        "phantom has no cells of ipc 2: its smallest class has 500 images, less than 251 times as "
        "many"
    ]


def test_an_absent_class_skips_nothing(monkeypatch):
    """As the group without findings of a set whose images all have some."""
    monkeypatch.setattr(grid, "facts_of", lambda _: Facts("1f", (0, 10, 20), 30, 256, None))
    found = grid.make_grid(study(datasets=("phantom",), seeds=(1,)))
    assert [job.ipc for job in found.jobs] == [2, 2] and found.skipped == []


def test_a_method_can_be_left_out_at_an_ipc():
    found = grid.make_grid(study(ipc=(1, 2), without=("dm:2",), seeds=(1,))).jobs
    assert [(job.method, job.ipc) for job in found] == [
        ("baselines", 1),
        ("dm", 1),
        ("baselines", 2),
    ]


def test_a_command_line_gives_names_with_commas():
    listed = grid.make_grid(study(datasets=("phantom",), methods=("dm", "dc"), seeds=(1,)))
    assert grid.make_grid(study(methods=("dm,dc",), seeds=(1,))) == listed


def test_words_of_what_is_not_in_the_study():
    with pytest.raises(UserError, match="unknown data set or method in words_for 'dcc'"):
        config.make(datasets=("phantom",), methods=("dc",), words_for={"dcc": "ipc=1"})
    with pytest.raises(UserError, match="in words_for 'dm on phantom'"):
        config.make(datasets=("phantom",), methods=("dc",), words_for={"dm on phantom": "ipc=1"})


def test_the_config_of_a_run_is_refused():
    with pytest.raises(UserError, match="no config of a study: it has no datasets"):
        grid.make_grid({"method": "dm"})


@pytest.mark.parametrize("arg", [None, "full"])
def test_all_methods_of_the_study_are_scored_alike(arg):
    spec = importlib.util.spec_from_file_location("config_study", ROOT / "configs" / "study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.get_config(arg)
    made.update(datasets=("phantom", "phantom_findings"), seeds=(1,))
    found = grid.make_grid(made.to_dict())  # refuses a method that is scored otherwise
    assert {job.method for job in found.jobs} == {"baselines", *module.METHODS} - set(
        grid.BASELINES
    )
    assert ("dsa", 50) in {(job.method, job.ipc) for job in found.jobs} or arg is None


def test_shards_are_whole_and_share_nothing(made):
    parts = [grid.shard(made.jobs, number, 3) for number in range(3)]
    assert sorted(job.name for part in parts for job in part) == sorted(j.name for j in made.jobs)
    for part in parts:
        assert part and all(need in part for job in part for need in job.needs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ("dmm",)}, "unknown method 'dmm' \\(did you mean 'dm'\\?\\)"),
        ({"datasets": ("phantm",)}, "unknown data set 'phantm' \\(did you mean 'phantom'\\?\\)"),
        ({"networks": ("convnett",)}, "unknown network 'convnett'"),
        ({"datasets": ()}, "datasets of the study is empty"),
        ({"seeds": (1, 2, 3)}, "seeds takes one number of seeds, or one for each of the 1 ipc"),
        ({"seeds": (0,)}, "seeds takes one number"),
        ({"seeds": ("two",)}, "seeds of the study takes whole numbers, got 'two'"),
        ({"ipc": ("ten",)}, "ipc of the study takes whole numbers, got 'ten'"),
        ({"ipc": (1.5,)}, "ipc of the study takes whole numbers, got 1.5"),
        ({"words": "quik"}, "unknown word after the config's colon 'quik'"),
        ({"words": "evaluation.networks=0"}, "evaluation.networks must be at least 1, got 0"),
        ({"ipc": (0,)}, "ipc must be at least 1, got 0"),
        ({"ipc": (101,)}, "the study has no jobs: phantom has no cells of ipc 101"),
        ({"validations": 0}, "validations must be at least 1, got 0"),
        ({"without": ("dm3",)}, "without takes a method and an ipc, as in dsa:50, got dm3"),
        (
            {"words_for": {"dm": "evaluation.epochs=7"}},
            "dm on phantom has evaluation.epochs=7, but the baselines have 300; all methods",
        ),
        ({"words_for": {"dm": "data.prepare=resize(8)"}}, "dm on phantom has data.prepare="),
    ],
)
def test_a_mistake_is_one_line(changes, message):
    with pytest.raises(UserError, match=message):
        grid.make_grid(study(**changes))


def test_the_version_of_the_code_is_that_of_its_kind(made, monkeypatch):
    job = made.jobs[0]
    monkeypatch.setattr(performing, "code_digest", lambda sources: "another")
    again = performing.make_job(
        "baselines", (job.dataset, "baselines", 2, 0), job.settings, data=job.data
    )
    assert again != job and dataclasses.replace(again, source=job.source) == job
