"""Names in tables, and the files that they fit."""

import pathlib

import pytest

from medjax.data.pictures.listing.file_index import FileIndex

NAMES = [
    *("a/1.png", "a/2.PNG", "a/scan.01.dcm", "a/scan.02", "a/3.png", "a/3.dcm", "a/4.png"),
    *("a/4.json", "deep/er/5.png", "deep/er/6.png", "deep/other/6.png", "top.png", "a\\b.png"),
    *("a/gru\u0308n.png", "b/ROT.png", "b/rot.png", "a/x.nii.gz"),
]


def index(*names):
    return FileIndex(
        pathlib.Path("sets/Chest-small"), names, is_picture=lambda x: x.suffix != ".json"
    )


@pytest.mark.parametrize(
    "cell, found",
    [
        ("a/1.png", ["a/1.png"]),
        ("a\\1.png", ["a/1.png"]),
        (".\\a/1.png", ["a/1.png"]),
        ("./a//1.png", ["a/1.png"]),
        ("/a/1.png", ["a/1.png"]),
        ("b/../a/1.png", ["a/1.png"]),
        ("a/2.png", ["a/2.PNG"]),
        ("A/1.Png", ["a/1.png"]),
        ("a/1", ["a/1.png"]),
        ("a/scan.01", ["a/scan.01.dcm"]),
        ("a/scan.02", ["a/scan.02"]),
        ("a/x", ["a/x.nii.gz"]),
        ("a/3", ["a/3.dcm", "a/3.png"]),
        ("a/3.png", ["a/3.png"]),
        ("a/4", ["a/4.png"]),
        ("1.png", ["a/1.png"]),
        ("er/5.png", ["deep/er/5.png"]),
        ("5", ["deep/er/5.png"]),
        ("6.png", ["deep/er/6.png", "deep/other/6.png"]),
        ("er/6", ["deep/er/6.png"]),
        ("top.png", ["top.png"]),
        ("a\\b.png", ["a\\b.png"]),
        ("a/grün.png", ["a/gru\u0308n.png"]),
        ("a/GRÜN", ["a/gru\u0308n.png"]),
        ("b/rot.png", ["b/rot.png"]),
        ("b/rot", ["b/rot.png"]),
        ("ROT.png", ["b/ROT.png"]),
        ("b/Rot.png", ["b/ROT.png", "b/rot.png"]),
        ("chest-small/a/1.png", ["a/1.png"]),
        ("other/a/9.png", []),
        ("c/1.png", []),
        ("png", []),
        ("a", []),
        ("..", []),
    ],
)
def test_what_a_cell_names(cell, found):
    others = ["z.png"]  # nothing that all cells share
    assert sorted(index(*NAMES).find([cell, *others])[0]) == found


def test_a_start_that_all_cells_share_is_dropped():
    cells = [f"D:\\data\\v1/train/{name}/1.png" for name in ("a", "b")]
    assert index("train/a/1.png", "train/b/1.png").find(cells) == [
        ["train/a/1.png"],
        ["train/b/1.png"],
    ]
    assert index("a/1.png", "b/1.png").find(cells) == [["a/1.png"], ["b/1.png"]]
    assert index("1.png").find(cells) == [[], []]


def test_a_shared_start_is_not_exchanged_for_another():
    """Images that were not downloaded are not found among masks of the same names."""
    cells = ["images/1.png", "images/2.png"]
    assert index("masks/1.png", "masks/2.png").find(cells) == [[], []]


def test_files_elsewhere(tmp_path):
    (tmp_path / "set" / ".hidden").mkdir(parents=True)
    for name in ("outside.png", "set/.hidden/a.png"):
        (tmp_path / name).touch()
    found = FileIndex(tmp_path / "set", [], is_picture=lambda _: True)
    outside = str(tmp_path / "outside.png")
    cells = ["../outside.png", outside, ".hidden/a.png", "../gone.png", "b.png"]
    assert found.find(cells) == [["../outside.png"], [outside], [".hidden/a.png"], [], []]


def test_it_looks_names_up_in_one_pass():
    """A hundred thousand rows of one name must not each look at all files."""
    names = [f"p{i}/view1.png" for i in range(20_000)]
    missing = [f"q{i}/view1.png" for i in range(20_000)]
    assert not any(index(*names).find([*missing, "z.png"]))
