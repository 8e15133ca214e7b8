"""Tables that people report to fail, or to be read wrongly without a word."""

import gzip
import zipfile

import pytest

CLASSES = ("benign", "malignant")


@pytest.fixture
def table(save, tmp_path):
    """``table(*rows)`` makes 24 pictures in one folder, and a table of them or of given rows."""

    def make(*rows, header="file,label", name="table.csv", edit=lambda text: text):
        folder = tmp_path / "set"
        for number in range(24):
            save(folder / f"scan_{number:02d}.png", number % 2, number)
        rows = rows or [f"scan_{n:02d}.png,{CLASSES[n % 2]}" for n in range(24)]
        text = edit("\n".join([header, *rows]))
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder, f"--folder.table={name}"

    return make


# 10, 11, 13, 23, 32: labels -------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["'", '""'])
def test_lists_of_findings_are_told(quote, table, describe):
    kinds = [f'"[{x}]"'.replace("'", quote) for x in ("'normal'", "'a', 'b'", "'a'", "'b'")]
    folder, flag = table(*(f"scan_{n:02d}.png,{kinds[n % 4]}" for n in range(24)))
    assert describe(folder, flag).warned('--folder.findings="," reads the findings')
    said = describe(folder, flag, "--folder.findings=,")
    assert said.images == 24 and said.report["classes"] == ["a", "b"]


@pytest.mark.parametrize("word", ["nan", "NaN", "NA", "<NA>", "null", ""])
def test_absent_labels_are_no_class(word, table, describe):
    labels = ["a", "b", word]
    folder, flag = table(*(f"scan_{n:02d}.png,{labels[n % 3]}" for n in range(24)))
    assert describe(folder, flag).refused(
        "no label in 8 of 24 rows, the first in line 4: scan_02.png"
    )


@pytest.mark.parametrize("header", ["file,label,Label", "file,Label,LABEL", "file,label,label"])
def test_two_columns_of_labels(header, table, describe):
    rows = [f"scan_{n:02d}.png,{'ab'[n % 2]},{'xy'[n // 2 % 2]}" for n in range(24)]
    folder, flag = table(*rows, header=header)
    assert describe(folder, flag).refused("has several columns called label: ")
    second = header.split(",")[2]
    said = describe(folder, flag, f"--folder.columns=label={second}")
    if header.count(second) == 1:
        assert said.images == 24 and said.report["classes"] == ["x", "y"]
    else:
        assert said.refused("rename all but one")


@pytest.mark.parametrize("one, zero", [("1.0", "0.0"), ("1", ""), ("1", "0")])
def test_a_column_for_each_class(one, zero, table, describe):
    cells = [(one, zero), (zero, one)]
    rows = [",".join((f"scan_{n:02d}.png", *cells[n % 2])) for n in range(24)]
    folder, flag = table(*rows, header="image,NV,MEL")
    assert describe(folder, flag).refused('--folder.columns="file=image,label=NV,MEL"')
    said = describe(folder, flag, "--folder.columns=file=image,label=(nv, mel)")
    assert said.images == 24 and said.report["classes"] == ["MEL", "NV"]
    flags = ["--folder.columns=file=image", "--folder.findings=NV,MEL", "--folder.uncertain=zeros"]
    assert describe(folder, flag, *flags).warned('--folder.columns="file=image,label=NV,MEL"')


def test_findings_are_no_classes(table, describe):
    rows = [f"scan_{n:02d}.png,{n % 2},{n % 3 % 2}" for n in range(24)]
    folder, flag = table(*rows, header="file,a,b")
    assert describe(folder, flag, "--folder.columns=label=a,b").refused(
        "line 3: a and b are 1 in one row"
    )
    said = describe(folder, flag, "--folder.findings=a,b")
    assert said.images == 24 and not said.warned("as classes")
    rows[0] = "scan_00.png,0.5,0"
    folder, flag = table(*rows, header="file,a,b")
    assert describe(folder, flag, "--folder.columns=label=b,a").refused(
        "a is '0.5'; a column for each"
    )


def test_measurements_are_no_classes(table, describe):
    folder, flag = table(*(f"scan_{n:02d}.png,{20 + 7 * n}" for n in range(24)))
    assert describe(folder, flag).refused("24 labels for 24 images look like measurements")


# 22, 25, 33, 34, 35: tables -----------------------------------------------------------------------


def test_packed_tables(table, describe):
    for name in ("table.csv.gz", "table.csv"):  # the content tells
        folder, flag = table(name=name, edit=lambda text: gzip.compress(text.encode()))
        assert describe(folder, flag).images == 24
    folder, flag = table(edit=lambda text: gzip.compress(text.encode())[:-9])
    assert describe(folder, flag).refused("packed by gzip, and damaged or cut short")
    with zipfile.ZipFile(folder / "table.xlsx", "w") as file:
        file.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    assert describe(folder, "--folder.table=table.xlsx").refused(
        "it is a zip file, as spreadsheets are"
    )


@pytest.mark.parametrize("start", ["set/", "/home/ann/data/", "C:\\data\\"])
def test_paths_of_another_machine(start, table, describe):
    rows = [f"{start}scan_{n:02d}.png,{CLASSES[n % 2]}" for n in range(24)]
    folder, flag = table(*rows)
    assert describe(folder, flag).images == 24


def test_long_cells_are_cut(table, describe):
    rows = [f"scan_{n:02d}.png,{CLASSES[n % 2]}" for n in range(24)]
    rows[5] = f"{'iVBORw0KGgo' * 40},benign"
    folder, flag = table(*rows)
    said = describe(folder, flag)
    assert said.refused("no file in 1 of 24 rows, the first in line 7: iVBORw0KGgo")
    assert len(said.line) < 400


def test_equal_rows_count_once(table, describe):
    rows = [f"scan_{n:02d}.png,{CLASSES[n % 2]},{n}" for n in range(24)]
    folder, flag = table(
        *rows,
        *(f"scan_{n:02d},{CLASSES[n % 2]},7" for n in range(0, 24, 4)),
        header="file,label,box",
    )
    said = describe(folder, flag)
    assert said.images == 24
    folder, flag = table(*rows, "scan_00.png,malignant,9", header="file,label,box")
    assert describe(folder, flag).refused(
        "line 26: scan_00.png is listed twice, first in line 2",
        "is malignant, and was benign",
    )


def test_findings_that_contradict(table, describe):
    rows = [f"scan_{n:02d}.png,{n % 2},{n % 3 % 2}" for n in range(24)]
    folder, flag = table(*rows, rows[4], "scan_03.png,1,1", header="file,a,b")
    assert describe(folder, flag, "--folder.findings=a,b").refused(
        "line 27", "its b is 1, and was 0"
    )


@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_the_hint_of_a_spreadsheet_program(mark, table, describe):
    folder, flag = table(edit=lambda text: f"sep={mark}\r\n" + text.replace(",", mark))
    assert describe(folder, flag).images == 24


@pytest.mark.parametrize(
    "above, told",
    [
        ("Export of 3 May\n", "line 1 is above the header and not read: Export of 3 May"),
        ("Export,\n\n", "lines 1 to 2 are above the header and not read: Export"),
        ("# May 2024\n# by A\n", "lines 1 to 2 are above the header and not read: # May 2024"),
        ("\n\n", ""),
    ],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_lines_above_the_header(above, told, mark, table, describe):
    folder, flag = table(edit=lambda text: (above + text).replace(",", mark))
    said = describe(folder, flag)
    assert said.images == 24 and said.warned(told) == bool(told)
    rows = [f"scan_{n:02d},{CLASSES[n % 2]}" for n in range(24)]
    folder, flag = table(*rows, edit=lambda text: above + text)
    assert describe(folder, flag).images == 24


def test_a_first_line_that_may_be_the_header(table, describe):
    rows = [f"scan_{n:02d},{CLASSES[n % 2]}" for n in range(24)]
    folder, flag = table(*rows, edit=lambda text: f"# from A, in May\n{text}")
    assert describe(folder, flag).refused("its first line may be the header, or stand above it")


def test_pictures_that_no_row_names(table, describe):
    folder, flag = table(*(f"scan_{n:02d}.png,{CLASSES[n % 2]}" for n in range(20)))
    said = describe(folder, flag)
    assert said.images == 20 and said.warned(
        f"4 of 24 pictures are in no row of {folder}/table.csv and are skipped; the first is scan_2"
    )
    folder, flag = table()
    assert not describe(folder, flag).warned("in no row")
