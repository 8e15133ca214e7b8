"""Options of a listing that contradict each other."""

import pytest

from medjax.data.pictures.listing.entry import FolderOptions, check
from medjax.errors import UserError


@pytest.mark.parametrize(
    "options, message",
    [
        ({"patients": "folder"}, "(did you mean 'folders'?)"),
        ({"patients": "patient"}, "choose from: folders, a regular expression"),
        ({"patients": r"(\d+"}, r"data.folder.patients=(\d+ is no regular expression: missing )"),
        ({"patients": "a{99999999999999}"}, "is no regular expression: the repetition number"),
        ({"patients": "folders", "table": "t.csv"}, 'as in data.folder.columns="patient=NAME"'),
        ({"columns": "label=dx"}, "data.folder.columns is for a table: name it with data.folder."),
        ({"folds": "test=4"}, "data.folder.folds is for a table"),
    ],
)
def test_options_that_contradict(options, message):
    with pytest.raises(UserError) as caught:
        check(FolderOptions(**options))
    assert message in str(caught.value)


def test_options_that_fit():
    for options in ({}, {"patients": "folders"}, {"table": "t.csv", "patients": r"(\d+)_"}):
        assert check(FolderOptions(**options)) is None
