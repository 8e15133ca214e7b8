"""The baselines of a cell: labelled as the distilled set is, and a row for each training set."""

import pytest

from medjax import evaluate
from medjax.run.judging import teaching
from medjax.study import config
from medjax.study.grid import baselines
from medjax.study.grid.grid import make_grid

TINY = "quick,data.prepare=resize(16),net.width=4,net.depth=1,evaluation.augment=none"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Does the job of a data set without training anything; returns the options and the rows."""
    given = {}

    def score(*_, **options):
        given.update(options)
        entry = {"mean": 0.9, "std": 0.0, "n": 1, "values": [0.9]}
        made = evaluate.Baseline({"test": {"auroc": entry}}, {})
        return dict.fromkeys(("random", "random_hard", "whole", "nothing"), made)

    monkeypatch.setattr(evaluate, "score_baselines", score)
    monkeypatch.setattr(teaching, "with_teacher", lambda one: one._replace(teacher="the teacher"))

    def run(dataset):
        study = config.make(datasets=(dataset,), methods=("random",), seeds=(1,), words=TINY)
        (job,) = make_grid(study.to_dict()).jobs
        return given, baselines.run(job, tmp_path)

    return run


def test_random_images_have_the_labels_of_the_teacher_too(run):
    given, rows = run("phantom")
    assert given["teacher"] == "the teacher" and given["plan"].draws == 3
    assert [row.images for row in rows if row.method == "whole"] == [2000]


def test_a_constant_prediction_stands_once(run):
    _, rows = run("phantom_findings")
    assert set(dict.fromkeys(row.method for row in rows)) == {
        "random", "random_hard", "whole", "chance",
    }  # fmt: skip
