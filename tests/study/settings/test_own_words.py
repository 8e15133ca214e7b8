"""Words after a colon: those of a study, and those of its runs as they were written."""

import pytest

from medjax.errors import UserError
from medjax.run import config
from medjax.study.settings.own_words import divide_words

OPTIONS = {"sites": 5, "beta": 0.6, "table": ""}


def test_the_words_of_runs_are_read_again_alike():
    arg = (
        "quick,mednist,sites=2,evaluation.epochs=7,data.prepare=resize(16)|rgb,beta=1,iterations=9"
    )
    words = divide_words(arg, OPTIONS)
    assert words.named == ("mednist",)
    assert words.options == {"sites": 2, "beta": 1.0, "table": ""}
    assert type(words.options["beta"]) is float
    made = config.make("dm", "phantom", words.runs)
    assert (made.evaluation.epochs, made.data.prepare) == (7, "resize(16)|rgb")
    assert (made.iterations, made.net.width) == (9, 32)


def test_values_with_commas_stay_whole():
    words = divide_words("data.folder.columns='file=a,label=b',table='x, y.csv'", OPTIONS)
    assert words.options["table"] == "x, y.csv"
    columns = config.make("dm", "phantom", words.runs).data.folder.columns
    assert columns == "file=a,label=b"


def test_no_words_leave_the_defaults():
    assert divide_words(None, OPTIONS) == ((), OPTIONS, "")


def test_a_number_may_be_the_name_of_a_file():
    assert divide_words("table=5", OPTIONS).options["table"] == "5"


@pytest.mark.parametrize(
    ("arg", "said"),
    [
        ("sits=3", r"unknown setting of the study 'sits' \(did you mean 'sites'\?\); choose from"),
        ("sites=2.5", "sites takes a whole number, got 2.5"),
        ("sites=True", "sites takes a whole number, got True"),
        ("beta=low", "beta takes a number, got 'low'"),
    ],
)
def test_mistakes(arg, said):
    with pytest.raises(UserError, match=said):
        divide_words(arg, OPTIONS)
