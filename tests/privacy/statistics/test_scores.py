"""Scores by group and by patient."""

import numpy as np

from medjax.privacy.statistics.scores import per_unit


def test_patients_are_one_unit():
    scores = np.array([[1.0], [3.0], [10.0], [2.0]])
    assert per_unit(scores, np.array([5, 5, 1, 9])).tolist() == [10.0, 2.0, 2.0]
