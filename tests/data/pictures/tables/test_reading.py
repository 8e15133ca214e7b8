"""Tables as text: delimiters, encodings, line ends, quotes, and files that are no tables."""

import pytest

from medjax.data.pictures.tables import reading
from medjax.errors import UserError


@pytest.fixture
def read(tmp_path):
    """``read(text)`` reads a table of such text or bytes."""

    def command(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reading.read(path)

    return command


@pytest.fixture
def refused(read, tmp_path):
    def command(content):
        with pytest.raises(UserError) as caught:
            read(content)
        assert "\n" not in str(caught.value)
        return str(caught.value).replace(str(tmp_path / "table.csv"), "TABLE")

    return command


def cells(table):
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter, end, read):
    lines = ["file,label", "a.png, x ", '"b, ; \t.png","say ""no"""', "", ",", "c.png,y"]
    text = end.join(line if '"b' in line else line.replace(",", delimiter) for line in lines)
    table = read(text.replace('","', f'"{delimiter}"'))
    assert table.header == ("file", "label") and table.delimiter == delimiter
    assert cells(table) == [("a.png", "x"), ("b, ; \t.png", 'say "no"'), ("c.png", "y")]
    assert [row.line for row in table.rows] == [2, 3, 6]


@pytest.mark.parametrize(
    "encoding, told",
    [
        *[("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252")],
        *[("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")],
        ("utf-32", "utf-32"),
    ],
)
def test_encodings(encoding, told, read):
    table = read("file,label\nköpf.png,bösartig\n".encode(encoding))
    assert (table.header, cells(table)) == (("file", "label"), [("köpf.png", "bösartig")])
    assert table.encoding == told


def test_a_cell_of_several_lines_counts_its_lines(read):
    table = read('file,"la\nbel"\n"a\n.png",x\n\nb.png,y\n')
    assert table.header == ("file", "la bel")
    assert [(row.line, row.cells[0]) for row in table.rows] == [(3, "a\n.png"), (6, "b.png")]


def test_an_index_without_a_name(read):
    assert read(",file,label\n0,a.png,x\n").header == ("", "file", "label")
    table = read("file,label\n1,a.png,x\n2,b.png,y\n")  # as R writes it
    assert table.header == ("", "file", "label") and cells(table)[1] == ("2", "b.png", "y")


def test_short_rows_are_filled_and_empty_cells_at_the_end_dropped(read):
    table = read("file,label,patient\na.png,x\nb.png,y,p,,\n")
    assert cells(table) == [("a.png", "x", ""), ("b.png", "y", "p")]


def test_the_hint_of_a_spreadsheet_program(read):
    table = read("sep=;\nfile;label\na, b.png;x\n")
    assert table.header == ("file", "label") and cells(table) == [("a, b.png", "x")]
    assert table.rows[0].line == 3


def test_lines_above_the_header(read, refused):
    table = read("Export of May;;\n\n# by A\nfile;label;age\n\na.png;x;1\n")
    assert table.header == ("file", "label", "age") and cells(table) == [("a.png", "x", "1")]
    assert table.rows[0].line == 6 and table.delimiter == ";"
    assert table.above.endswith("lines 1 to 3 are above the header and not read: Export of May")
    assert not read("\n\nfile,label\na.png,x\n").above
    table = read('"Ex, port"\rfile,label\ra.png,"x\ry"\rb.png,z\r')
    assert table.header == ("file", "label") and [row.line for row in table.rows] == [3, 5]
    assert table.above.endswith('line 1 is above the header and not read: "Ex, port"')
    message = "TABLE: its first line may be the header, or stand above it: "
    for start in ("#id,label\nI,x\nK,y\n", "By A, in May\nfile,label,age\na.png,x,1\n"):
        assert refused(start).startswith(message + start.splitlines()[0] + "; remove the # of")
    assert "or remove what stands above the header" in refused("A,B\nC,D\nfile,label,x\nI,x,2\n")


def test_tables_without_rows(read):
    assert read("")[1:] == ((), (), ",", "utf-8", "")
    assert read("\n\n").header == () and read("file,label\n").rows == ()
    assert read("\n\nfile,label\n").names == "file, label" and read(",b").names == "(no name), b"


@pytest.mark.parametrize(
    "content, message",
    [
        (b"\xff\xfe\x00file", "cannot read the table TABLE: it is no text; save it as CSV"),
        (b"PK\x03\x04...", "it is a zip file, as spreadsheets are; save it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is no text"),
        ('file,label\na.png,"x\nb.png,y\n', "cannot read the table TABLE, line 2: "),
        ("x" * 200_000, "field larger than field limit"),
        ("file,label\na.png,x, y\nb.png,y\n", "TABLE, line 2: 3 cells under a header of 2; cells"),
    ],
)
def test_what_is_no_table(content, message, refused):
    assert message in refused(content)


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "gone.csv"):
        with pytest.raises(UserError, match="cannot read the table"):
            reading.read(path)
