"""Several findings an image, from a table as people have it to the scores."""

import csv

import numpy as np
import pytest
from PIL import Image

from medjax import data

TINY = (
    "net.width=4,net.depth=1,ipc=1,iterations=2,log_every=1,evaluation.every=2,"
    "evaluation.networks=1,evaluation.select_networks=1,evaluation.epochs=1,"
    "evaluation.whole_steps=2,distill.batch_real=4,data.size=16"
)
INNER = "distill.outer_loop=2,distill.inner_loop=1"


@pytest.fixture
def table():
    """``table(folder)`` is the header and the rows of its table."""

    def read(folder):
        with open(folder / "table.csv", newline="") as file:
            header, *rows = csv.reader(file)
        return header, rows

    return read


@pytest.fixture
def labels_of(table):
    """``labels_of(folder, **options)`` is a set and the label row of each row of its table."""

    def read(folder, **options):
        options = data.FolderOptions(table=str(folder / "table.csv"), **options)
        ds = data.load(f"folder:{folder}", size=16, sources=data.Sources(folder=options))
        found = {
            image.tobytes(): row.tolist()
            for split in ds.splits.values()
            for image, row in zip(split.images, split.labels, strict=True)
        }
        _, rows = table(folder)
        pictures = [Image.open(folder / row[0]).convert("L") for row in rows]
        return ds, [found[picture.tobytes()] for picture in pictures]

    return read


def test_uncertain_and_empty_cells_are_refused_in_a_line(case, describe):
    folder = case("uncertain_findings")
    flags = [f"--folder.table={folder}/table.csv", "--folder.findings=edema,effusion"]
    said = describe(folder, *flags)
    assert said.status == 2 and len(said.lines) == 1
    assert "holds 10 uncertain (-1) and 10 empty cells in edema, effusion: " in said.line
    assert "--folder.uncertain=zeros (0), ones" in said.line
    said = describe(folder, flags[0])
    assert said.status == 2 and '--folder.findings="edema,effusion"' in said.line
    said = describe(folder, *flags, "--folder.uncertain=ignored")
    assert said.status == 2 and "did you mean 'ignore'?" in said.line


@pytest.mark.parametrize(
    ("uncertain", "unsure", "empty"), [("zeros", 0, 0), ("ones", 1, 0), ("ignore", -1, -1)]
)
def test_the_setting_says_what_they_are(case, labels_of, table, uncertain, unsure, empty):
    folder = case("uncertain_findings")
    ds, found = labels_of(folder, findings="Edema, EFFUSION", uncertain=uncertain)
    says = {"1.0": 1, "0.0": 0, "-1.0": unsure, "": empty}
    _, rows = table(folder)
    assert found == [[says[cell] for cell in row[1:]] for row in rows]
    assert ds.info.classes == ("edema", "effusion")
    assert ds.info.task == "multi-label, binary-class"
    assert ds.train.labels.dtype == np.int32 and ds.val is not None


def test_the_order_of_the_columns_is_that_of_the_labels(case, labels_of):
    folder = case("uncertain_findings")
    _, one = labels_of(folder, findings="edema,effusion", uncertain="ignore")
    ds, other = labels_of(folder, findings="effusion,edema", uncertain="ignore")
    assert ds.info.classes == ("effusion", "edema") and other == [row[::-1] for row in one]


def test_the_description_counts_what_is_ignored(case, describe):
    folder = case("uncertain_findings")
    flags = ["--folder.findings=edema,effusion", "--folder.uncertain=ignore"]
    said = describe(folder, f"--folder.table={folder}/table.csv", *flags)
    counts = [split["classes"] for split in said.report["splits"].values()]
    assert said.status == 0 and sum(x.get("ignored labels", 0) for x in counts) == 20
    assert {"edema", "effusion", "no label"} <= set(counts[0]) and "ignored labels" in said.out


def test_joined_findings_are_named_and_then_read(case, describe, labels_of, table):
    folder = case("findings_joined")
    said = describe(folder, f"--folder.table={folder}/table.csv")
    assert said.status == 0
    assert any('--folder.findings="|"' in line for line in said.warnings)
    said = describe(folder, f"--folder.table={folder}/table.csv", "--folder.findings=|")
    assert said.status == 0 and said.report["classes"] == ["effusion", "mass"]
    assert not any("--folder.findings" in line for line in said.warnings)
    _, found = labels_of(folder, findings="|")
    _, rows = table(folder)
    assert found == [["effusion" in row[1], "mass" in row[1]] for row in rows]


@pytest.mark.parametrize("separator", [";", ",", "/", " & "])
def test_other_separators(case, describe, labels_of, table, separator):
    folder = case("findings_joined")
    header, rows = table(folder)
    for row in rows:
        row[1] = row[1].replace("|", separator).replace("none", "No Finding")
    with open(folder / "table.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    said = describe(folder, f"--folder.table={folder}/table.csv")
    mark = separator.strip()
    assert any(f'--folder.findings="{mark}"' in line for line in said.warnings)
    ds, found = labels_of(folder, findings=mark)
    assert ds.info.classes == ("effusion", "mass")
    assert found == [["effusion" in row[1], "mass" in row[1]] for row in rows]


def test_a_contradiction_is_one_line(case, describe):
    folder = case("findings_joined")
    text = (folder / "table.csv").read_text().replace("effusion|mass", "mass|No Finding", 1)
    (folder / "table.csv").write_text(text)
    said = describe(folder, f"--folder.table={folder}/table.csv", "--folder.findings=|")
    assert said.status == 2 and "line 5: 'No Finding' stands beside other findings" in said.line


def words(folder):
    """What stands behind a config's colon."""
    table = f"data.folder.table={folder}/table.csv"
    return f"folder:{folder},{table},data.folder.findings=(Edema, effusion)"


@pytest.mark.parametrize("config", ["dsa_chest.py", "dm.py"])
def test_from_a_table_to_scores(case, distil, tmp_path, config):
    folder, workdir = case("uncertain_findings"), tmp_path / "work"
    short = f"{TINY},{INNER}" if config == "dsa_chest.py" else TINY
    named = f"{words(folder)},data.folder.uncertain=ignore"
    said = distil(named, config=f"{config}:quick", short=short)
    assert said.status == 0, said.line
    summary = said.report
    assert summary["data"]["classes"] == ["edema", "effusion"]
    results = [summary["test"], *summary["baselines"].values()]
    assert list(summary["baselines"]) == [
        *("random", "random_selected", "kcenter", "whole", "whole_balanced", "nothing")
    ]
    for result in results:
        assert {"accuracy", "balanced_accuracy", "auroc", "average_precision"} <= set(result)
        assert all(0 <= value["mean"] <= 1 for value in result.values())
    assert "predicting no finding" in (workdir / "report.html").read_text("utf-8")
    with np.load(workdir / "synthetic.npz") as synthetic:
        assert np.isfinite(synthetic["images"]).all()
        assert set(np.unique(synthetic["labels"])) <= {0, 1}


def test_what_stands_in_ignored_cells_changes_no_byte(case, distil, tmp_path):
    folder, made = case("uncertain_findings"), []
    text = (folder / "table.csv").read_text()
    for unsure, empty in (("-1.0", ""), ("", "uncertain")):
        swapped = text.replace("-1.0", "UNSURE").replace(",,", f",{empty},")
        (folder / "table.csv").write_text(swapped.replace("UNSURE", unsure))
        workdir = tmp_path / f"with_{empty}"
        named, flag = words(folder), "--config.data.folder.uncertain=ignore"
        said = distil(named, flag, config="dm.py:quick", workdir=workdir, short=TINY)
        assert said.status == 0, said.line
        made.append((workdir / "synthetic.npz").read_bytes())
    assert made[0] == made[1]
