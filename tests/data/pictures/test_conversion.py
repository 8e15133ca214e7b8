"""Options of a conversion that mean nothing; what it makes is seen in the tests of sources."""

import pytest

from medjax.data import ConvertOptions
from medjax.data.pictures import conversion
from medjax.errors import UserError


@pytest.mark.parametrize(
    "options, message",
    [
        ({"mode": "gray"}, "unknown convert mode 'gray' (did you mean 'grey'?)"),
        ({"fit": "shrink"}, "unknown convert fit 'shrink'; choose from: pad, crop, stretch"),
        ({"threads": -1}, "convert threads must be at least 0, got -1"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(UserError) as caught:
        conversion.check(ConvertOptions(**options))
    assert message in str(caught.value)
