"""The setting that names columns, as text."""

import pytest

from medjax.data.pictures.tables import column_setting
from medjax.errors import UserError


def test_names_by_role():
    assert column_setting.parse("label=Findings, all,file=id") == {
        "label": "Findings, all",
        "file": "id",
    }
    assert column_setting.parse("(file=id,label=Sex (m/f))") == {"file": "id", "label": "Sex (m/f)"}
    assert column_setting.parse("") == {} and column_setting.parse("split=") == {"split": ""}
    assert column_setting.parse("(file=1,label=NV,MEL)") == {"file": "1", "label": "NV,MEL"}


def test_names_become_the_setting():
    named = {"label": "dx", "file": "image id"}
    assert column_setting.joined(named) == "file=image id,label=dx"
    assert column_setting.parse(column_setting.joined(named)) == named


@pytest.mark.parametrize(
    "text, message",
    [
        ("dx", "takes pairs, as in"),
        ("lable=x", "(did you mean 'label'?)"),
        ("file=f,label=a, label=b", "data.folder.columns gives label twice, 'a' and 'b': keep one"),
        ("split=a,split=", "gives split twice"),
    ],
)
def test_what_is_no_setting(text, message):
    with pytest.raises(UserError) as caught:
        column_setting.parse(text)
    assert message in str(caught.value)
