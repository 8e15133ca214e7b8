"""Tables as people have them."""

import unicodedata

import pytest

from medjax import data

ALL = {"train": 18, "val": 2, "test": 4}
OFFICIAL = {"train": 14, "val": 4, "test": 6}


@pytest.fixture
def read(case, describe):
    """``read(name, *flags)`` describes a case with its table.

    ``edit`` changes the text of the table first, and ``encoding`` is that of the changed table.
    """
    made = {}

    def command(name, *flags, edit=None, encoding="utf-8"):
        if name not in made:
            folder = case(name)
            made[name] = folder, (folder / "table.csv").read_bytes()
        folder, content = made[name]
        table = folder / "table.csv"
        table.write_bytes(edit(content.decode("utf-8-sig")).encode(encoding) if edit else content)
        return describe(folder, f"--folder.table={table}", *flags)

    return command


def counts(said):
    assert said.status == 0, said.line
    return {name: split["images"] for name, split in said.report["splits"].items()}


def warned(said, *parts):
    return any(all(part in line for part in parts) for line in said.warnings)


def test_official_splits_are_those_of_the_column(case, same_images):
    folder = case("split_column")
    options = data.FolderOptions(table=str(folder / "table.csv"))
    right = f"folder:{folder.parent / 'split_column.right'}"
    same_images(f"folder:{folder}", right, sources=data.Sources(folder=options))


@pytest.mark.parametrize("name", ["Split", "SPLIT", "subset", "Partition", "set", "fold"])
def test_official_splits_under_other_names(name, read):
    said = read("split_column", edit=lambda text: text.replace("split", name, 1))
    assert counts(said) == OFFICIAL and said.report["cut"] == ""


@pytest.mark.parametrize(
    "words",
    [("training", "validation", "testing"), ("TRAIN", " Valid ", "Test"), ("Train", "dev", "TEST")],
)
def test_official_splits_in_other_words(words, read):
    def edit(text):
        for old, new in zip((",train", ",val", ",test"), words, strict=True):
            text = text.replace(f"{old}\r", f",{new}\r").replace(f"{old}\n", f",{new}\n")
        return text

    assert counts(read("split_column", edit=edit)) == OFFICIAL


def test_without_val_rows_there_is_no_val(read):
    said = read("split_column", edit=lambda text: text.replace(",val", ",train"))
    assert counts(said) == {"train": 18, "test": 6}


def test_official_splits_in_a_column_that_the_setting_names(read):
    def edit(text):
        return text.replace("split", "cohort", 1)

    said = read("split_column", "--folder.columns=split=cohort", edit=edit)
    assert counts(said) == OFFICIAL
    said = read("split_column", edit=edit)
    assert counts(said) == ALL
    assert warned(said, "cohort holds test, train, val", '--folder.columns="split=cohort"')


def _folds(text):
    header, *rows = text.split()
    lines = [f"{row.rpartition(',')[0]},{number % 5}" for number, row in enumerate(rows)]
    return "\n".join([header.replace("split", "fold"), *lines])


def test_folds_are_no_splits_unless_the_setting_says_so(read):
    said = read("split_column", edit=_folds)
    assert counts(said) == ALL and said.report["cut"] == "file"
    assert warned(said, "fold holds 0, 1, 2, 3, 4", '--folder.folds="val=3,test=4"')
    said = read("split_column", "--folder.folds=val=3,test=4", edit=_folds)
    assert counts(said) == {"train": 15, "val": 5, "test": 4} and not said.warnings
    said = read("split_column", "--folder.folds=test=3,test=4.0", edit=_folds)
    assert counts(said) == {"train": 15, "test": 9}
    said = read("split_column", "--folder.columns=split=fold", edit=_folds)
    assert said.status == 2 and '--folder.folds="val=3,test=4"' in said.line
    said = read("split_column", "--folder.folds=test=9", edit=_folds)
    assert "unknown value of the column fold '9'" in said.line


@pytest.mark.parametrize("name", ["is_test", "isTest", "is_test_image"])
@pytest.mark.parametrize("yes, no", [("1", "0"), ("true", "False")])
def test_official_splits_by_a_column_of_yes_and_no(name, yes, no, read):
    def edit(text):
        header, *rows = text.replace("split", name, 1).splitlines()
        ends = {"train": no, "val": no, "test": yes}
        cells = [row.rpartition(",") for row in rows]
        return "\n".join([header, *(f"{start},{ends[end]}" for start, _, end in cells)])

    said = read("split_column", edit=edit)
    assert counts(said) == {"train": 18, "test": 6} and said.report["cut"] == ""
    assert not said.warnings


def test_a_patient_in_two_official_splits_is_leakage(read):
    said = read("patient_in_two_splits")
    assert counts(said) == OFFICIAL
    assert warned(said, "leakage: 1 patient is in train and test")
    said = read("patient_in_two_splits", edit=lambda text: text.replace(",p01,", ",p10,"))
    assert warned(said, "leakage: 2 patients are in train and test")


@pytest.mark.parametrize("name", ["pid", "MRN", "Patientennummer", "subj", "patient"])
def test_patients_of_official_splits_are_counted_whatever_their_column_is_called(name, read):
    said = read("patient_in_two_splits", edit=lambda text: text.replace("patient", name, 1))
    assert counts(said) == OFFICIAL
    assert said.report["patients"] == "14/4/6 patients in train/val/test"
    assert said.warnings == ["leakage: 1 patient is in train and test"]
    assert said.out.count("in train and test") == 1 and "several" not in said.out

    def whole(text):
        return text.replace("patient", name, 1).replace(",p05,test", ",p01,test")

    said = read("patient_in_two_splits", edit=whole)
    assert said.report["patients"] == "patients stay whole: 14/4/5 patients in train/val/test"
    assert not said.warnings


@pytest.mark.parametrize("name", ["MRN", "PatientenID", "Subject"])
def test_patients_of_a_set_that_is_cut_are_asked_for(name, read):
    def edit(text):
        return text.replace("patient", name, 1).replace("split", "cohort", 1)

    said = read("patient_in_two_splits", edit=lambda text: edit(text).replace(",test", ",b"))
    assert said.refused(f'use --folder.columns="patient={name}"')


@pytest.mark.parametrize("name", ["StudyInstanceUID", "AccessionNumber", "ID"])
def test_studies_are_asked_about(name, read):
    def edit(text):
        _, *rows = text.splitlines()
        return "\n".join(
            [
                f"file,label,{name}",
                *(f"{row.rsplit(',', 2)[0]},{i // 2}" for i, row in enumerate(rows)),
            ]
        )

    said = read("patient_in_two_splits", edit=edit)
    assert said.status == 0 and said.report["cut"] == "file"
    assert said.warned(f"share a value of {name}; if they show one", f'"patient={name}" keeps')
    said = read("patient_in_two_splits", f"--folder.columns=patient={name}", edit=edit)
    assert said.report["cut"] == "patient" and not said.warnings


def test_a_set_that_is_cut_by_patient_has_none_in_two_splits(read):
    said = read("patient_in_two_splits", "--folder.columns=split=")
    assert said.status == 0 and said.report["cut"] == "patient" and not said.warnings


def test_ids_without_suffix(case, describe):
    folder = case("ids_without_suffix")
    assert counts(describe(folder, f"--folder.table={folder}/table.csv")) == ALL
    (folder / "benign" / "scan_03.json").write_text("{}")
    assert describe(folder, f"--folder.table={folder}/table.csv").status == 0
    (folder / "benign" / "scan_03.dcm").write_bytes(b"")
    said = describe(folder, f"--folder.table={folder}/table.csv")
    assert said.status == 2
    assert "line 5: benign/scan_03 may be benign/scan_03.dcm and benign/scan_03.png" in said.line


def test_ids_are_found_in_folders_that_the_table_does_not_name(case, describe):
    folder = case("ids_without_suffix")
    table, rows = folder / "table.csv", ["file,label"]
    for place, name in enumerate(("benign", "malignant")):
        for file in sorted((folder / name).iterdir()):
            new = folder / f"images_00{place}" / "images" / f"{name}_{file.name}"
            new.parent.mkdir(parents=True, exist_ok=True)
            file.rename(new)
            rows.append(f"{new.name},{name}")
    table.write_text("\n".join(rows))
    assert counts(describe(folder, f"--folder.table={table}")) == ALL
    (folder / "copy").mkdir()
    (folder / "copy" / new.name).write_bytes(b"")
    said = describe(folder, f"--folder.table={table}")
    assert said.status == 2
    assert f"may be copy/{new.name} and images_001/images/{new.name}" in said.line


@pytest.mark.parametrize("before", ["", ".\\", "./", "/", "backslashes/", "D:\\ann/backslashes\\"])
def test_paths_with_any_slashes_and_starts(before, read):
    def edit(text):
        header, *rows = text.split()
        return "\n".join([header, *(before + row for row in rows)])

    assert counts(read("backslashes", edit=edit)) == ALL


def test_columns_named_otherwise(read):
    said = read("columns_named_otherwise")
    assert said.status == 2
    assert '--folder.columns="file=image_id,label=diagnosis"' in said.line
    for setting in ("file=image_id,label=diagnosis", "label = Diagnosis, file = IMAGE_ID"):
        assert counts(read("columns_named_otherwise", f"--folder.columns={setting}")) == ALL
    said = read("columns_named_otherwise", "--folder.columns=file=image_id,label=diagnose")
    assert said.status == 2 and "(did you mean 'diagnosis'?)" in said.line


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_delimiters_and_encodings(delimiter, encoding, read):
    def edit(text):
        return text.replace(";", delimiter).replace("malignant\r", '"malignant, ;\tgrün"\r')

    said = read("bom_and_semicolons", edit=edit, encoding=encoding)
    assert counts(said) == ALL and not said.warnings
    assert said.report["classes"] == ["benign", "malignant, ;\\tgrün"]


def test_a_table_that_is_not_in_utf8(read):
    said = read("table_in_latin1", "--folder.columns=label=label")
    assert counts(said) == ALL and said.report["classes"] == ["bösartig", "gutartig"]
    assert warned(said, "is not in UTF-8")


def test_a_table_without_a_header(read):
    assert "write this line above it: file,label" in read("no_header").line
    said = read("no_header", edit=lambda text: text.replace(",", ";7;"))
    assert said.status == 2 and "write this line above it: file;column2;label" in said.line


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_in_both_forms_of_accents(form, case, describe):
    folder = case("names_decomposed")
    table, other = folder / "table.csv", {"NFC": "NFD", "NFD": "NFC"}[form]
    for file in list(folder.glob("*/*.png")):
        file.rename(file.with_name(unicodedata.normalize(form, file.name)))
    table.write_text(unicodedata.normalize(other, table.read_text("utf-8")), "utf-8")
    assert counts(describe(folder, f"--folder.table={table}")) == ALL


def test_grades_are_in_order_of_value(read):
    said = read("float_labels")
    assert said.status == 0 and said.report["classes"] == ["1", "2", "10"]
    said = read(
        "float_labels", edit=lambda text: text.replace(",1.0", ",-1.5").replace("10.0", "10")
    )
    assert said.report["classes"] == ["-1.5", "2", "10"]
    said = read("float_labels", edit=lambda text: text.replace(",10.0", ",1"))
    assert said.report["classes"] == ["1", "2"]


@pytest.mark.parametrize("mark", ["|", ";", ", ", "/", " + "])
def test_joined_findings_are_warned_of(mark, read):
    said = read(
        "findings_joined", edit=lambda text: text.replace("effusion|mass", f'"effusion{mark}mass"')
    )
    assert said.status == 0 and warned(said, f'--folder.findings="{mark.strip()}"')


def test_names_with_signs_are_no_findings(read):
    names = {"none": "basal cell, nodular", "effusion|mass": "n/a (no scan)"}

    def edit(text):
        for old, new in names.items():
            text = text.replace(f",{old}", f',"{new}"')
        return text

    assert not read("findings_joined", edit=edit).warnings


def test_missing_labels_are_counted(read):
    def edit(text):
        return text.replace("scan_03.png,benign", "scan_03.png,").replace(
            "04.png,benign", "04.png,NaN"
        )

    said = read("bom_and_crlf", edit=edit)
    assert said.status == 2 and "no label in 2 of 24 rows, the first in line 5: " in said.line
    assert "benign/scan_03.png" in said.line and "--folder.skip_unlabelled=True" in said.line
    said = read("bom_and_crlf", "--folder.skip_unlabelled", edit=edit)
    assert sum(counts(said).values()) == 22 and warned(said, "skipped 2 of 24 rows")


def test_missing_files_are_counted(case, describe):
    folder = case("bom_and_crlf")
    for name in ("scan_03.png", "scan_07.png"):
        (folder / "benign" / name).unlink()
    said = describe(folder, f"--folder.table={folder}/table.csv")
    assert said.status == 2 and "no file in 2 of 24 rows, the first in line 5: " in said.line
    assert "benign/scan_03.png" in said.line and "--folder.skip_missing=True" in said.line
    said = describe(folder, f"--folder.table={folder}/table.csv", "--folder.skip_missing")
    assert sum(counts(said).values()) == 22 and warned(said, "skipped 2 of 24 rows, no file")


def test_the_launcher_takes_the_settings(case, distil):
    folder = case("columns_named_otherwise")
    table, setting = f"{folder}/table.csv", "file=image_id,label=diagnosis"
    words = f"folder:{folder},data.size=16,data.folder.table={table}"
    said = distil(words, f"--config.data.folder.columns={setting}")
    assert said.status == 0 and said.report["dataset"] == "columns_named_otherwise"
    said = distil(f"{words},data.folder.columns=({setting})", workdir=folder.parent / "again")
    assert said.status == 0
