"""Every metric of a score is explained, and so are the two spreads of an AUROC."""

import numpy as np
import pytest

from medjax import evaluate
from medjax.run.report.meanings import meanings
from medjax.types import BINARY_CLASS, MULTI_LABEL, ORDINAL

SPREADS = "An AUROC has two spreads"


@pytest.mark.parametrize("task", [BINARY_CLASS, MULTI_LABEL, ORDINAL])
def test_no_metric_but_accuracy_lacks_a_sentence(task):
    labels = np.array([[0], [1]]) if task == MULTI_LABEL else np.array([0, 1])
    found = evaluate.score(np.eye(2)[:, labels.ndim - 1 :], labels, task=task)
    metrics = {name: evaluate.summarize(value) for name, value in found.items()}
    metrics["balanced_accuracy_tuned"] = metrics["accuracy"]
    assert len(meanings(metrics)) == len(metrics) - 1


def test_spreads_are_explained_where_both_are_shown():
    entry = {"mean": 0.9, "std": 0.1, "n": 5}
    for interval, said in ((None, False), ([None, None], False), ([0.8, 0.95], True)):
        sentences = meanings({"auroc": entry | {"image_interval": interval}})
        assert any(SPREADS in sentence for sentence in sentences) == said
    (sentence,) = [line for line in sentences if SPREADS in line]
    assert "± is over networks" in sentence and "95 % interval over images" in sentence
