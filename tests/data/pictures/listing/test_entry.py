"""Options of a listing that contradict each other."""

import pytest

from medjax.data.pictures.listing.entry import FolderOptions, check
from medjax.errors import UserError


@pytest.mark.parametrize(
    "options, message",
    [
        ({"patients": "folder"}, "(did you mean 'folders'?)"),
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
    for options in ({}, {"patients": "folders"}, {"table": "t.csv", "columns": "label=dx"}):
        check(FolderOptions(**options))
