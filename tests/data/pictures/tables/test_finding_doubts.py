"""Findings that may be several, or none."""

import numpy as np
import pytest

from medjax.data.pictures.tables import finding_doubts
from medjax.data.pictures.tables.findings import Findings

A, B, C = [1, 0, 0], [0, 1, 0], [0, 0, 1]


def told(names, *rows, mark="|"):
    return finding_doubts.doubtful(Findings(tuple(names), np.array(rows, np.int32)), mark)


@pytest.mark.parametrize("mark", [";", ",", "/", "+"])
def test_another_sign_between_findings(mark):
    name = f"Mass{mark} Nodule"
    (said,) = told(["Mass", name, "Nodule"], A, B, C)
    assert said == (
        f"the finding {name!r} of 1 row seems to be several, joined by {mark!r}: write '|' there"
    )
    assert told(["Mass", name, "Cyst"], A, B, C) == []


def test_a_finding_that_is_never_beside_another():
    rows = [A] * 20 + [[0, 1, 1]] * 10 + [B] * 5 + [C] * 5
    (said,) = told(["leer", "Mass", "Nodule"], *rows)
    assert "the finding 'leer' of 20 rows never stands beside another one" in said
    assert told(["leer", "Mass", "Nodule"], *rows, [1, 1, 0]) == []
    assert told(["leer", "Mass", "Nodule"], *[A] * 20, *[B] * 9, *[C] * 9, [0, 1, 1]) == []
