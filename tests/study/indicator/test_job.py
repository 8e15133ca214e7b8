"""The job that measures a data set, on twenty images a class."""

import math

import pytest

from medjax.study import config
from medjax.study.grid.grid import make_grid
from medjax.study.indicator import measuring
from medjax.study.indicator.names import EXPLORATORY, FIRST_SEED
from medjax.study.jobs.performing import folder_in, perform, read_record, rows_of

TINY = (
    "quick,net.width=4,net.depth=1,evaluation.epochs=2,evaluation.whole_steps=4,"
    "evaluation.batch_size=16,evaluation.networks=2,evaluation.select_networks=1,"
    "evaluation.augment=none,mesh.devices=1"
)


@pytest.fixture(scope="module")
def jobs(striped):
    study = config.make(
        datasets=(f"{striped / 'set.npz'}", f"{striped / 'noval.npz'}"),
        methods=("indicator",),
        ipc=(2,),
        seeds=(2,),
        words=TINY,
    )
    return make_grid(study.to_dict()).jobs


def test_there_is_one_for_each_data_set_after_its_baselines(jobs):
    kinds = [(job.kind, job.seed) for job in jobs]
    assert kinds == [
        *[("baselines", seed) for seed in (0, 1)] * 2,
        *[("indicator", FIRST_SEED)] * 2,
    ]


def test_it_measures_each_indicator(jobs, tmp_path, monkeypatch):
    curve, networks, score_random = {}, [], measuring.score_random

    def recorded(comparison):
        found = score_random(comparison)
        curve[comparison.plan.ipc] = found.scores["val"]["balanced_accuracy"]["mean"]
        networks.append(found.scores["val"]["balanced_accuracy"]["n"])
        return found

    monkeypatch.setattr(measuring, "score_random", recorded)
    job = jobs[4]
    assert perform(job, tmp_path)
    rows = {row.metric: row for row in rows_of(read_record(folder_in(tmp_path, job)))}
    assert {row.split for row in rows.values()} == {"val"} and rows["slope"].n == 2
    assert {row.method for row in rows.values()} == {"indicator"}
    # Six images of a class and one: the ends of the curve at two.
    assert list(curve) == [1, 2, 6] and networks == [8, 2, 2]
    assert rows["slope"].mean == pytest.approx(100 * (curve[6] - curve[1]) / math.log10(6))
    assert rows["random"].mean == pytest.approx(100 * curve[2])
    # Two images have no three neighbours, so there is no recall.
    assert set(rows) == {"slope", "chance_balanced_accuracy", *EXPLORATORY} - {"recall"}
    assert rows["chance_balanced_accuracy"].mean == 0.5
    assert rows["classes"].mean == 2 and rows["smallest"].mean == 20


def test_without_a_val_split_it_measures_on_test(jobs, tmp_path):
    job = jobs[5]
    assert perform(job, tmp_path)
    assert {row.split for row in rows_of(read_record(folder_in(tmp_path, job)))} == {"test"}


def test_levels_of_chance():
    assert measuring.chance_level("ordinal-regression", num_classes=5) == pytest.approx(0.2)
    assert measuring.chance_level("multi-label, binary-class", num_classes=14) == 0.5
    assert measuring.compared_metric("multi-label, binary-class") == "auroc"
