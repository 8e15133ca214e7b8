"""Labels that say there is none, and those that only look so."""

import pytest

from medjax.data.pictures.table_rows import absent_labels

GRADES = ["0", "1", "0.0", "2"] * 5


@pytest.mark.parametrize("word", ["None", "-", "--", ".", "?", "missing", "UNKNOWN", "k.A."])
def test_rare_words_beside_numbers_are_empty(word):
    assert absent_labels.among([*GRADES, word, ""]) == [word]
    assert absent_labels.among([*GRADES, word, "?!"])[0] == word
    assert absent_labels.among(["a", "b"] * 10 + [word]) == []  # a class beside words
    assert len(absent_labels.doubtful(["a", "b"] * 10 + [word])) == 1
    assert absent_labels.among(GRADES[:4] + [word] * 2) == []  # a third of the rows
    assert absent_labels.among(["1"] * 10 + [word]) == []  # one value alone is no class


def test_words_that_are_classes():
    assert absent_labels.among([*GRADES, "mass"]) == []
    assert absent_labels.doubtful(["none", "mass", "cyst"] * 10) == []
    assert absent_labels.doubtful(["benign"] * 30 + ["rare"]) == []


@pytest.mark.parametrize("code", ["-9", "-1", "99", "999", "x"])
def test_codes_are_told(code):
    (said,) = absent_labels.doubtful([*GRADES, code])
    assert f"the label {code!r} of 1 row is read as a class" in said
    assert "data.folder.skip_unlabelled=True" in said
    assert absent_labels.doubtful([*GRADES, *[code] * 5]) == []


def test_a_rare_grade_is_none_of_them():
    assert absent_labels.doubtful([*GRADES, "3"]) == absent_labels.doubtful([*GRADES, "4"]) == []
    assert absent_labels.doubtful(["-1", "1"] * 5) == []
