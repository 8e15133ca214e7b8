"""Flags for reading a user's own pictures, and messages that name them."""

import pytest
from absl import flags

from medjax import data
from medjax.cli import source_flags


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "skip them with data.convert.skip_unreadable=True",
            "skip them with --convert.skip_unreadable=True",
        ),
        ('set data.folder.table="a.csv".', 'set --folder.table="a.csv".'),
        ("by data.cache or MEDJAX_CACHE_DIR", "by --cache or MEDJAX_CACHE_DIR"),
        ("raise data.stream_above_gib", "raise data.stream_above_gib"),
        ("no file scans/data.root or data.root.png", "no file scans/data.root or data.root.png"),
        ("data: skipped mydata.size", "data: skipped mydata.size"),
    ],
)
def test_settings_are_flags(said, shown):
    assert source_flags.as_flags(said, others=["cache", "root", "size"]) == shown


def test_only_given_flags_replace_options():
    values = flags.FlagValues()
    source_flags.define(values)
    values(["command", "--folder.table=a.csv", "--noconvert.skip_unreadable", "--cut.val=0.5"])
    run = data.Sources(dicom=data.DicomOptions("all"), convert=data.ConvertOptions("rgb"))
    found = source_flags.changed(values, run)
    assert found.folder.table == "a.csv" and found.cut.val == 0.5
    assert found.dicom == run.dicom and found.convert == run.convert
