"""Sets of which all images have one class, one finding, or none: one line says what to do."""

import numpy as np
import pytest


@pytest.fixture
def table(save, tmp_path):
    """``table(header, *cells)`` makes 12 pictures, and a table whose rows repeat the cells."""

    def make(header, *cells):
        rows = []
        for number in range(12):
            save(tmp_path / "set" / f"{number}.png", number % 2, number)
            rows.append(f"{number}.png,{cells[number % len(cells)]}")
        (tmp_path / "set" / "table.csv").write_text("\n".join([f"file,{header}", *rows]))
        return tmp_path / "set", "--folder.table=table.csv"

    return make


@pytest.mark.parametrize(
    ("header", "cell", "columns", "name"),
    [
        ("label", "1", "", "1"),
        ("label", "benign", "", "benign"),
        ("label", "1.0", "", "1"),
        ("A,B", "1,0", "label=A,B", "A"),
        ("A", "1", "label=A", "1"),
    ],
)
def test_one_class_in_a_table(header, cell, columns, name, table, describe):
    said = describe(*table(header, cell), *([f"--folder.columns={columns}"] if columns else []))
    assert said.refused(f"holds 1 class, {name!r}; needs two or more: add rows of another class")
    assert len(said.lines) == 1 and '--folder.columns="label=…"' in said.line


@pytest.mark.parametrize("splits", [["train", "test"], ["train", "val", "test"]])
def test_one_class_in_the_folders_of_splits(splits, save, tmp_path, describe):
    for place, split in enumerate(splits):
        for number in range(3):
            save(tmp_path / "set" / split / "A" / f"{number}.png", place, number)
    said = describe(tmp_path / "set")
    assert said.refused("holds 1 class, 'A'; needs two or more: add images of another class")
    assert len(said.lines) == 1 and "folder.table" not in said.line


@pytest.mark.parametrize("uncertain", ["", "zeros", "ignore"])
@pytest.mark.parametrize("cells", [["No Finding"], ["none", "normal"], ["No Finding", ""], [""]])
def test_no_finding_in_any_row(cells, uncertain, table, describe):
    more = [f"--folder.uncertain={uncertain}"] if uncertain else []
    said = describe(*table("label", *cells), "--folder.findings=|", *more)
    shown = ", ".join(cell or "nothing" for cell in cells)
    assert said.refused(f"holds no finding in label, which says only {shown}; needs two or more")


@pytest.mark.parametrize("none", ["No Finding", "normal"])
def test_one_finding_by_words_is_two_classes(none, table, describe):
    where = table("label", "Mass", none)
    said = describe(*where, "--folder.findings=|", "--folder.uncertain=zeros")
    assert said.refused("holds 1 finding, Mass; needs two or more: leave out --folder.findings and")
    assert describe(*where, "--folder.findings=|").refused("leave out --folder.findings, which")
    assert describe(*where).report["classes"] == sorted(["Mass", none])


def test_one_finding_by_column_is_two_classes(table, describe):
    where = table("Mass", "1", "0.0")
    said = describe(*where, "--folder.findings=Mass")
    assert said.refused('write --folder.columns="label=Mass" and leave out --folder.findings')
    assert describe(*where, "--folder.columns=label=Mass").report["classes"] == ["0", "1"]


@pytest.mark.parametrize(
    "cells", [["Mass"], ["Mass", "normal", "No Finding"], ["Mass", "none", ""]]
)
def test_no_advice_is_given_that_fails(cells, table, describe):
    said = describe(*table("label", *cells), "--folder.findings=|", "--folder.uncertain=zeros")
    assert said.refused("holds 1 finding, Mass; needs two or more: add rows of another one too")
    said = describe(*table("Mass", "1"), "--folder.findings=Mass")
    assert said.refused("holds 1 finding, Mass; needs two or more: name another one too")


@pytest.mark.parametrize("flags", [[], ["--folder.skip_unlabelled"]])
@pytest.mark.parametrize("cell", ["", "nan"])
def test_no_row_with_a_label(cell, flags, table, describe):
    said = describe(*table("label", cell), *flags)
    assert said.refused("no label in 12 of 12 rows", "fill it in: without these rows none is left")
    assert "skip" not in said.line
    findings = "--folder.findings=a,b"
    said = describe(*table("a,b", f"{cell},"), findings, *flags)
    assert said.refused("24 empty cells" if not flags else "without these rows none is left")
    assert "skip" not in said.line


def test_findings_of_which_val_knows_no_zero(save, tmp_path, describe, distil, score):
    rows = []
    for number in range(36):
        split = ("train", "val", "test")[number % 3]
        known = "0" if split != "val" and number % 2 else ("", "-1")[number % 2]
        save(tmp_path / "set" / f"{number}.png", number % 2, number)
        rows.append(
            f"{number}.png,{split},{1 if number % 4 < 2 else known},{1 if number % 4 else known}"
        )
    (tmp_path / "set" / "table.csv").write_text("\n".join(["file,split,a,b", *rows]))
    how = ["--folder.table=table.csv", "--folder.findings=a,b", "--folder.uncertain=ignore"]
    said = describe(tmp_path / "set", *how)
    assert said.status == 0
    assert said.warned("val cannot be scored", "no known 0 of a, b", "another --folder.uncertain")
    words = f"folder:{tmp_path / 'set'},data.size=16,evaluation.select_by=auroc"
    said = distil(words, *(flag.replace("--", "--config.data.") for flag in how))
    assert said.refused("cannot be scored on val", "no known 0 of a, b", "data.folder.uncertain")
    assert "same label" not in said.line
    images = np.zeros((4, 16, 16, 1), np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.eye(4, dtype=int)[:, :2])
    said = score(tmp_path / "mine.npz", f"folder:{tmp_path / 'set'}", "--size=16", *how)
    assert said.refused("cannot be scored on val", "another --folder.uncertain")
