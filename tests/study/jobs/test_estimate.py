"""Estimates: what like jobs took, or a rule that grows with the work."""

import json

import pytest

from medjax.study.jobs import performing, rules
from medjax.study.jobs.estimate import estimated_seconds


@pytest.fixture
def finished(tmp_path):
    """``finished(job, seconds)`` makes the record of a job that took so long."""

    def finish(job, seconds):
        folder = performing.folder_in(tmp_path, job)
        folder.mkdir(parents=True)
        record = {"job": job.described(), "rows": [], "seconds": seconds}
        (folder / "job.json").write_text(json.dumps(record))

    return finish


def test_without_any_finished_job_the_rule_holds(make_job, tmp_path):
    assert estimated_seconds([make_job(0), make_job(1)], tmp_path) == [2.0, 2.0]


def test_a_job_takes_the_median_of_those_like_it(make_job, finished, tmp_path):
    made = [make_job(seed) for seed in range(4)]
    for job, seconds in zip(made, (10.0, 30.0, 1000.0), strict=False):
        finished(job, seconds)
    assert estimated_seconds(made, tmp_path)[3] == 30.0


def test_all_images_are_trained_once_for_a_data_set_and_seed(tmp_path):
    made = [
        performing.make_job("baselines", ("x", "baselines", ipc, seed), changed(ipc=ipc), data="1f")
        for ipc, seed in ((10, 0), (1, 0), (1, 1))
    ]
    first, again, other = estimated_seconds(made, tmp_path)
    assert again < 40 < other < first
    assert other - again == pytest.approx(rules.whole_seconds(SETTINGS))


SETTINGS = {
    "run": {
        "method": "dm",
        "ipc": 10,
        "iterations": 900,
        "distill.batch_real": 64,
        "net.width": 32,
        "evaluation.networks": 5,
        "evaluation.select_networks": 3,
        "evaluation.epochs": 300,
        "evaluation.batch_size": 64,
        "evaluation.whole_steps": 3000,
    },
    "draws": 3,
    "classes": 4,
    "images": 2000,
    "pixels": 784,
}


def changed(**run):
    return {**SETTINGS, "run": {**SETTINGS["run"], **run}}


@pytest.mark.parametrize("rule", [rules.baseline_seconds, rules.distilling_seconds])
@pytest.mark.parametrize(
    "more",
    [
        changed(ipc=50),
        changed(**{"net.width": 128}),
        changed(**{"evaluation.epochs": 600}),
        {**SETTINGS, "pixels": 784 * 3},
    ],
)
def test_more_work_takes_longer(rule, more):
    assert rule(more) > rule(SETTINGS) > 0


@pytest.mark.parametrize(
    ("method", "iterations", "classes", "images", "took"),
    [
        ("herding", 1, 2, 546, 29),
        ("herding", 1, 4, 2000, 77),
        ("herding", 1, 5, 1080, 58),
        ("dsa", 120, 2, 546, 164),
        ("dsa", 120, 5, 2000, 628),
    ],
)
def test_the_rule_is_that_of_measured_runs_within_a_factor_of_two(
    method, iterations, classes, images, took
):
    """Mean seconds of a seed on one core of two busy ones, of breast, phantom, retina, findings."""
    settings = changed(method=method, iterations=iterations, **{"distill.inner_loop": 10})
    settings |= {"classes": classes, "images": images}
    assert took / 2 < rules.distilling_seconds(settings) < took * 2


def test_iterations_and_inner_loops_take_time():
    seconds = rules.distilling_seconds
    assert seconds(changed(iterations=1800)) > seconds(SETTINGS)
    assert seconds(changed(method="dc", iterations=120)) > seconds(changed(iterations=120))


def test_images_of_patches_are_judged_as_many_and_beside_their_like():
    """254 s a run of ``auto`` on BreastMNIST with the settings of the study, 32 s one of ``dm``."""
    quick = {"iterations": 900, "evaluation.networks": 3, "evaluation.select_networks": 3}
    quick |= {"evaluation.select_recipe": "fast", "distill.batch_real": 64}
    one, four = (changed(**quick, method="dm", **{"distill.factor": n}) for n in (1, 2))
    for made in (one, four):
        made |= {"classes": 2, "images": 546}
    assert 254 / 2 < rules.distilling_seconds(four) < 254 * 2
    assert 32 / 2 < rules.distilling_seconds(one) < 32 * 2


def test_the_fast_recipe_takes_a_fifth_where_val_chooses():
    slow, fast = (changed(**{"evaluation.select_recipe": name}) for name in ("reference", "fast"))
    assert rules.baseline_seconds(fast) < rules.baseline_seconds(slow)
    assert rules.baseline_seconds(slow) == rules.baseline_seconds(SETTINGS)
