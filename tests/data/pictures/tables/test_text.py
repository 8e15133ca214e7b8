"""Texts of tables: packed, in other encodings, and files that are none."""

import gzip

import pytest

from medjax.data.pictures.tables.text import WESTERN, read_text
from medjax.errors import UserError

TEXT = "file,label\nköpf.png,grün\n"

PACKED = gzip.compress(b"file,label", mtime=0)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "encoding, told",
    [
        *[("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", WESTERN)],
        *[("utf-16", "utf-16"), ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32")],
    ],
)
def test_encodings(encoding, told, packed, tmp_path):
    content = TEXT.encode(encoding)
    (tmp_path / "table.csv").write_bytes(gzip.compress(content, mtime=0) if packed else content)
    assert read_text(tmp_path / "table.csv") == (TEXT, told)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"PK\x03\x04...", "it is a zip file, as spreadsheets are; save it as CSV, or unpack it"),
        (gzip.compress(b"PK\x03\x04...", mtime=0), "it is a zip file"),
        (
            gzip.compress(b"file,label", mtime=0)[:-4],
            "it is packed by gzip, and damaged or cut short",
        ),
        (b"\x1f\x8bno gzip at all", "it is packed by gzip, and damaged or cut short"),
        (
            gzip.compress(b"file,label", mtime=0)[:12] + b"\xff" * 20,
            "it is packed by gzip, and damaged",
        ),
        (b"PAR1\x15\x04\x00\x00", "it is no text; save it as CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9), "it is no text"),
    ],
)
def test_what_is_no_text(content, message, tmp_path):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(UserError, match="cannot read the table") as caught:
        read_text(tmp_path / "table.csv")
    assert message in str(caught.value) and "\n" not in str(caught.value)
