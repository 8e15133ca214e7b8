"""Classes that are not scored are named."""

import numpy as np

from medjax.evaluate import absent_lines, unlearned_lines


def test_lines():
    assert absent_lines({}) == []
    assert absent_lines({"val": ["b", "c"], "test": ["c"]}) == [
        "There is no image of b, c in val, so the scores on it say nothing about them.",
        "There is no image of c in test, so the scores on it say nothing about it.",
    ]
    (line,) = absent_lines({"val": list("abcdefghijkl"), "test": list("abcdefghijkl")})
    assert "h, i, j and 2 more in val and test, so the scores on them say nothing about" in line


def test_what_cannot_be_learned():
    names = list("abcdefghijklm")
    every = np.arange(13)
    assert unlearned_lines(every, every, names) == []
    assert unlearned_lines(every[:1], every[:1], names) == []  # nor has the data
    (line,) = unlearned_lines(every[:1], every, names)
    assert line == (
        "the set has no image of b, c, d, e, f, g, h, i, j, k and 2 more, so networks cannot learn "
        "them"
    )
    rows, real = np.array([[0.2, 0.0, 0.0]]), np.array([[1, 1, -1], [0, -1, 0]])
    assert unlearned_lines(rows, real, names[:3]) == [
        "the set has no image of b, so networks cannot learn it"
    ]
