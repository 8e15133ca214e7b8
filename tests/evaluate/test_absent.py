"""Classes that are not scored are named."""

from medjax.evaluate import absent_lines


def test_lines():
    assert absent_lines({}) == []
    assert absent_lines({"val": ["b", "c"], "test": ["c"]}) == [
        "There is no image of b, c in val, so the scores on it say nothing about them.",
        "There is no image of c in test, so the scores on it say nothing about it.",
    ]
    (line,) = absent_lines({"val": list("abcdefghijkl"), "test": list("abcdefghijkl")})
    assert "h, i, j and 2 more in val and test, so the scores on them say nothing about" in line
