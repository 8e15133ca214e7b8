"""Several tables of one set: which of them are splits, and what joins them."""

import pytest

CLASSES = ("benign", "malignant")


@pytest.fixture
def tables(save, tmp_path):
    """``tables(**texts)`` makes 24 pictures in one folder, and tables of these names and texts."""

    def make(texts):
        folder = tmp_path / "set"
        for number in range(24):
            save(folder / f"scan_{number:03d}.png", number % 2, number)
        for name, text in texts.items():
            (folder / name).write_text(text)
        return folder, f"--folder.table={','.join(texts)}"

    return make


def lines(numbers, *, header="file,label", row="scan_{n:03d}.png,{label}"):
    rows = (row.format(n=n, label=CLASSES[n % 2]) for n in numbers)
    return "\n".join([header, *rows])


def split_sizes(said):
    assert said.status == 0, said.line
    return {name: split["images"] for name, split in said.report["splits"].items()}


# Splits by the names of tables ----------------------------------------------------------------


@pytest.mark.parametrize(
    "train, test",
    [
        *[("train2019.csv", "test2019.csv"), ("trainLabels.csv", "testLabels.csv")],
        *[("train-v2.csv", "test_2020.csv"), ("TRAIN.csv", "Test1.csv")],
    ],
)
def test_names_with_numbers_are_splits(train, test, tables, describe):
    folder, flag = tables({train: lines(range(16)), test: lines(range(16, 24))})
    assert split_sizes(describe(folder, flag)) == {"train": 16, "test": 8}


@pytest.mark.parametrize(
    "train, other", [("train.csv", "holdout.csv"), ("external.csv", "trainLabels.csv")]
)
def test_a_table_that_is_no_split_beside_one_that_is(train, other, tables, describe):
    folder, flag = tables({train: lines(range(16)), other: lines(range(16, 24))})
    said = describe(folder, flag)
    names = sorted(x.removesuffix(".csv").removesuffix("Labels") for x in (train, other))
    assert said.refused(
        f"{folder}/{train},{folder}/{other}: the names of its tables are {', '.join(names)}",
        'folder.folds="val=VALUE,test=VALUE"; all others are train',
        '--folder.columns="split=" cuts the set anew',
    )
    name = next(x for x in names if x != "train")
    count = 8 if "train" in train else 16
    assert split_sizes(describe(folder, flag, f"--folder.folds=test={name}"))["test"] == count
    assert len(split_sizes(describe(folder, flag, "--folder.columns=split="))) == 3


def test_a_column_of_splits_counts_before_names(tables, describe):
    text = lines(range(12), header="file,label,split", row="scan_{n:03d}.png,{label},train")
    other = lines(range(12, 24), header="file,label,split", row="scan_{n:03d}.png,{label},test")
    folder, flag = tables({"train.csv": text, "more.csv": other})
    assert split_sizes(describe(folder, flag)) == {"train": 12, "test": 12}


# Joins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row, id_",
    [
        ("scan_{n:03d}.png,{label}", "scan_{n:03d}"),
        ("scan_{n:03d},{label}", "scan_{n:03d}.png"),
        ("scan_{n:03d}.png,{label}", "SCAN_{n:03d}.PNG"),
        ("scan_{n:03d}.png,{label}", "scan_{n}"),
        ("scan_{n:03d}.png,{label}", "set/scan_{n:03d}"),
        ("set\\scan_{n:03d}.png,{label}", "scan_{n:03d}.dcm"),
    ],
)
def test_spellings_of_an_id_join(row, id_, tables, describe):
    splits = "\n".join(["file,split", *(f"{id_.format(n=n)},{'train' if n < 16 else 'test'}"
                                        for n in range(24))])  # fmt: skip
    folder, flag = tables({"labels.csv": lines(range(24), row=row), "splits.csv": splits})
    assert split_sizes(describe(folder, flag)) == {"train": 16, "test": 8}


@pytest.mark.parametrize("spelled", ["{p}", "{p}.0", "{p:03d}"])
def test_numbers_of_patients_join(spelled, tables, describe):
    rows = lines(range(24), header="file,patient", row="scan_{n:03d}.png,{n}")
    rows = "\n".join(f"{x.rpartition(',')[0]},{int(x.rpartition(',')[2]) // 2:03d}"
                     if x[-1].isdigit() else x for x in rows.splitlines())  # fmt: skip
    text = "patient,label\n" + "\n".join(
        f"{spelled.format(p=p)},{CLASSES[p % 2]}" for p in range(12)
    )
    folder, flag = tables({"images.csv": rows, "patients.csv": text})
    said = describe(folder, flag)
    assert said.images == 24 and said.report["cut"] == "patient"


def test_labels_are_no_key(tables, describe):
    other = "image,label,split\n" + "\n".join(
        f"scan_{n:03d},{CLASSES[n % 2]},{'train' if n < 16 else 'test'}" for n in range(24)
    )
    folder, flag = tables({"labels.csv": lines(range(24)), "more.csv": other})
    assert split_sizes(describe(folder, flag)) == {"train": 16, "test": 8}
    (folder / "more.csv").write_text(other.replace("image", "key"))
    assert describe(folder, flag).refused(
        "labels.csv and", "more.csv share no column but label: one has file, label, the other key"
    )


def test_labels_that_contradict_each_other(tables, describe):
    other = lines(range(24), header="file,Label,age", row="scan_{n:03d},{label},60")
    folder, flag = tables({"labels.csv": lines(range(24)), "more.csv": other})
    assert describe(folder, flag).images == 24
    (folder / "more.csv").write_text(other.replace("scan_003,malignant", "scan_003,benign"))
    assert describe(folder, flag).refused(
        "differ in label in 1 of 24 rows: malignant in line 5, and benign in line 5 of the other"
    )


def test_tables_of_which_nothing_joins(tables, describe):
    other = "\n".join(["file,split", *(f"p{n},train" for n in range(24))])
    folder, flag = tables({"labels.csv": lines(range(24)), "splits.csv": other})
    assert describe(folder, flag, "--folder.skip_missing").refused(
        f"{folder}/labels.csv and {folder}/splits.csv are joined on file, and no row of one fits",
        "file is scan_000.png in the first and p0 in the other",
    )
