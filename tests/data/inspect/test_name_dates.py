"""Dates in the names of files."""

import pytest

from medjax.data.inspect import name_dates


@pytest.mark.parametrize(
    "stem, words",
    [
        ("p01_left", ("p01", "left")),
        ("scan2023-01-31_2", ("scan", "2023-01-31", "2")),
        ("20230131120000a", ("20230131120000", "a")),
        ("2023-1-5 (2)", ("2023-1-5", "2")),
        ("a_31.12.1999", ("a", "31.12.1999")),
        ("a-2023_12_31 23-59-59-7", ("a", "2023_12_31 23-59-59", "7")),
        ("2023-Jan-31_2", ("2023-Jan-31", "2")),
        ("5 March 2023 (2)", ("5 March 2023", "2")),
        ("1.2.2023-7", ("1.2.2023", "7")),
        ("2023-01_2", ("2023-01", "2")),
        ("2023-01-01-0012", ("2023-01-01", "0012")),
        ("Y1_aug_2012", ("Y1", "aug", "2012")),
        ("CNV-1016042-12", ("CNV", "1016042", "12")),
        ("20231301_2", ("20231301", "2")),
        ("2023_01-31", ("2023", "01", "31")),
        ("120230131_1", ("120230131", "1")),
    ],
)
def test_a_date_is_one_word(stem, words):
    assert name_dates.split_words(stem) == words


def test_a_date_with_a_time_is_no_day():
    for day in ("20230131", "2023.01.31", "01-31-2023", "31_01_2023"):
        assert name_dates.is_date(day) and name_dates.is_day(day)
        for time in ("_235959", " 23.59.59", "T2359", "T23:59:59", "-235959123"):
            assert name_dates.is_date(day + time) and not name_dates.is_day(day + time)
    for other in ("1016042", "00000001", "20586908", "person1", "left"):
        assert not name_dates.is_date(other) and not name_dates.is_day(other)
