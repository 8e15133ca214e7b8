"""Lines above the header of a table."""

import pytest

from medjax.data.pictures.tables import titles

TABLE = "file,label,age\na.png,x,1\nb.png,y,2\n"


@pytest.mark.parametrize(
    "above",
    [
        *["Export of May 2024\n", "Export of May 2024,,\n", '"Export, May 2024"\n', "# x\n"],
        *["# exported, 2024\n", "#\n# by a, b\n\n", "\nExport\n\nof May,,\r\n", "sep=,\nExport\n"],
        *["# a, b, c\n", "Title\r", "# x,,\n", "2024\n"],
    ],
)
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_titles_and_comments(above, mark):
    count = len(above.replace("\r\n", "\n").replace("\r", "\n").splitlines())
    text = above.replace(",,", 2 * mark) + TABLE.replace(",", mark)
    assert titles.lines_above(text) == count


@pytest.mark.parametrize(
    "text",
    [
        TABLE, "", "\n", "file\na.png\n", "a.png\nb.png\n", "label\n1,a.png\n2,b.png\n",
        ",label\nISIC_1,x\nISIC_2,y\n", "file,label\n1,a.png,x\n", 'file\n"a,b.png"\n',
        "file\na, b.png\nc.png\n", "file,label\nu,a;b;c\nv,b;c;d\n", "sep=;\nfile;label\na;x\n",
        "#file,label\na.png,x\n", "# 1.png\n", "file,label,age\na.png,x\n", "file label\na, b c\n",
        "Export\n", "Export\nfile,label\n", 'file,"la\nbel"\na,b\n', "file\n1,5\n2,5\n",
        "Export\nfile,file\na.png,x\n", "Export\n1,2\na.png,x\n", "x" * 20_000,
    ],
)  # fmt: skip
def test_tables_without_titles(text):
    assert titles.lines_above(text) == 0


def test_comments_above_a_list_of_files():
    assert titles.lines_above("# test\n\n1.png\n2.png\n") == 2
    assert titles.lines_above("# test\na\nb\n") == 0


def test_a_comment_that_may_be_the_header():
    assert titles.lines_above("#id,label\nISIC_1,x\nISIC_2,y\n") is None
    assert titles.lines_above("# from A, in May\nid,label\nISIC_1,x\n") is None
    assert titles.lines_above("# from A, in May\nid,label\nISIC_1,0\n") == 1


def test_a_title_of_several_cells():
    assert titles.lines_above("From A, in May\nfile,label,age\na.png,x,1\n") is None
    assert titles.lines_above("From A, in May\nfile;label;age\na.png;x;1\n") == 1
    assert titles.lines_above("dx,site\nISIC_1,nv,scalp\nISIC_2,nv,back\n") == 0  # as R writes it
