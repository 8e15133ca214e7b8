"""Tables with columns, folders or cells that need a question: a line names the setting."""

import pytest

CLASSES = ("benign", "malignant")

# Patients by the cells ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["PIZ", "record_id", "KIS-Nr", "eid", "site", "client"])
def test_a_shared_key_of_joined_tables_is_asked_about(name, table, describe):
    folder, flag = table(
        *(f"scan_{n:02d}.png,{700 + n // 3}" for n in range(24)), header=f"file,{name}"
    )
    lines = [f"{name},label", *(f"{700 + n},{CLASSES[n % 2]}" for n in range(8))]
    (folder / "diagnoses.csv").write_text("\n".join(lines))
    both = f"{flag},diagnoses.csv"
    assert describe(folder, both).warned(f'--folder.columns="patient={name}" keeps them')
    said = describe(folder, both, f"--folder.columns=patient={name}")
    assert said.images == 24 and not said.warned("patient=")


@pytest.mark.parametrize("name", ["Untersuchung", "eid", "group", "dossier"])
def test_a_column_of_identifiers_is_asked_about(name, table, describe):
    rows = [f"scan_{n:02d}.png,{CLASSES[n // 3 % 2]},{7001 + n // 3}" for n in range(24)]
    folder, flag = table(*rows, header=f"file,label,{name}")
    assert describe(folder, flag).warned(f'--folder.columns="patient={name}" keeps them')


@pytest.mark.parametrize("name", ["PatID", "PATNR", "patno", "MedRecNo", "NHS_number"])
def test_short_names_of_patients(name, table, describe):
    rows = [f"scan_{n:02d}.png,{CLASSES[n // 3 % 2]},{n // 3}" for n in range(24)]
    folder, flag = table(*rows, header=f"file,label,{name}")
    assert describe(folder, flag).refused(f'--folder.columns="patient={name}"')


@pytest.mark.parametrize("name", ["age", "alter", "width", "date", "site", "score"])
def test_other_columns_are_not_asked_about(name, table, describe):
    cells = {
        "date": [f"2019-03-{1 + n // 3:02d}" for n in range(24)],
        "site": [f"S{n % 8}" for n in range(24)],
    }.get(name, [str(40 + n // 3) for n in range(24)])
    rows = [f"scan_{n:02d}.png,{CLASSES[n // 3 % 2]},{cells[n]}" for n in range(24)]
    folder, flag = table(*rows, header=f"file,label,{name}")
    assert not describe(folder, flag).warned("patient=")


@pytest.mark.parametrize("word", ["None", "?", "-", "missing"])
def test_a_stray_word_leaves_numbers_one_class(word, table, describe):
    labels = ["0", "0.0", "1", "1.0"] * 6
    labels[5] = word
    folder, flag = table(*(f"scan_{n:02d}.png,{labels[n]}" for n in range(24)))
    assert describe(folder, flag).refused(f"no label (such as {word!r}) in 1 of 24 rows")
    said = describe(folder, flag, "--folder.skip_unlabelled")
    assert said.images == 23 and said.report["classes"] == ["0", "1"]
    labels[5] = "other"
    folder, flag = table(*(f"scan_{n:02d}.png,{labels[n]}" for n in range(24)))
    said = describe(folder, flag)
    assert said.images == 24 and said.report["classes"] == ["0", "1", "other"]
    assert said.warned("the label 'other' of 1 row is read as a class")


@pytest.mark.parametrize("place", ["PAT{:03d}", "scans/PAT{:03d}/ST1"])
def test_folders_of_patients_below_a_table(place, save, tmp_path, describe):
    folder, lines = tmp_path / "set", ["file,label"]
    for number in range(24):
        name = f"{place.format(number // 3)}/{number * 7919 % 10007}.png"
        save(folder / name, number // 3 % 2, number)
        lines.append(f"{name},{CLASSES[number // 3 % 2]}")
    (folder / "table.csv").write_text("\n".join(lines))
    said = describe(folder, "--folder.table=table.csv")
    (line,) = [line for line in said.warnings if "if a folder holds one patient" in line]
    assert "cut by file" in said.out
    setting = line.split("--folder.patients='")[1].split("'")[0]
    said = describe(folder, "--folder.table=table.csv", f"--folder.patients={setting}")
    assert said.images == 24 and not said.warned("if a folder holds")
    assert "cut by file" not in said.out


def test_labels_that_contradict_class_folders(save, tmp_path, describe):
    folder, lines = tmp_path / "set", ["file,label"]
    for number in range(20):
        name = f"{CLASSES[number % 2]}/{number}.png"
        save(folder / name, number % 2, number)
        lines.append(f"{name},{CLASSES[(number + (number in (3, 8))) % 2]}")
    (folder / "table.csv").write_text("\n".join(lines))
    said = describe(folder, "--folder.table=table.csv")
    assert said.warned("the label of 2 of 20 rows is not the class folder of the file", "line 5")


@pytest.mark.parametrize("word", ["o.B.", "ohne Befund", "unauffällig", "Unremarkable"])
def test_words_for_no_finding(word, table, describe):
    kinds = [word, "Mass", "Nodule", "Mass|Nodule", "Mass;Nodule", word]
    folder, flag = table(*(f"scan_{n:02d}.png,{kinds[n % 6 - (n % 12 == 4)]}" for n in range(24)))
    said = describe(folder, flag, "--folder.findings=|")
    assert said.report["classes"] == ["Mass", "Mass;Nodule", "Nodule"]
    assert said.warned("'Mass;Nodule' of 2 rows seems to be several, joined by ';'")


@pytest.mark.parametrize("word", ["unknown", "-", "anonymous"])
def test_a_patient_that_is_none(word, table, describe):
    rows = [f"scan_{n:02d}.png,{CLASSES[n % 2]},{n if n % 4 else word}" for n in range(24)]
    folder, flag = table(*rows, header="file,label,patient")
    assert describe(folder, flag).warned(f"6 of 24 rows have the patient {word!r}")


# What a refusal says ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["record_id", "participant_id"])
def test_a_table_of_folders(name, save, tmp_path, describe):
    folder = tmp_path / "set"
    files = [f"sub-{n // 3:03d}/anat/{n * 7919 % 10007}.png" for n in range(24)]
    for number, file in enumerate(files):
        save(folder / file, number // 3 % 2, number)
    rows = [f"sub-{n:03d},{CLASSES[n % 2]}" for n in range(8)]
    (folder / "patients.csv").write_text("\n".join([f"{name},diagnosis", *rows]))
    for flag in ((), (f"--folder.columns=file={name},label=diagnosis",)):
        said = describe(folder, "--folder.table=patients.csv", *flag)
        assert said.refused(f"names folders in its column {name}, and no files", "FILES.csv")
    setting = f"--folder.columns=label=diagnosis,patient={name}"
    assert setting.replace("=label", '="label') in said.line
    lines = [f"file,{name}", *(f"{file},{file.split('/')[0]}" for file in files)]
    (folder / "FILES.csv").write_text("\n".join(lines))
    assert describe(folder, "--folder.table=FILES.csv,patients.csv", setting).images == 24


def test_several_rows_of_a_patient_in_the_second_table(table, describe):
    folder, flag = table(*(f"scan_{n:02d}.png,p{n // 3}" for n in range(24)), header="file,record")
    rows = [f"p{n // 2},{n}" for n in range(16)]
    (folder / "visits.csv").write_text("\n".join(["record,label", *rows]))
    assert describe(folder, f"{flag},visits.csv").refused("joined on it; keep one row of each")
    turned = describe(folder, "--folder.table=visits.csv,table.csv")
    assert turned.refused("name the table of the images first")


def test_bars_between_cells(table, describe):
    rows = [f"scan_{n:02d}.png|{CLASSES[n % 2]}" for n in range(24)]
    folder, flag = table(*rows, header="file|label")
    assert describe(folder, flag).images == 24
    rows = [f"scan_{n:02d}.png a{'|b' * (n % 2)}" for n in range(24)]
    folder, flag = table(*rows, header="file label")
    assert describe(folder, flag).images == 24


@pytest.mark.parametrize("header, cell", [("file", ""), ("file,usage", ",Public")])
def test_a_table_of_images_without_labels(header, cell, table, describe):
    folder, flag = table()
    (folder / "test.csv").write_text(f"{header}\nother.png{cell}")
    said = describe(folder, f"{flag},test.csv")
    assert said.refused("leave out ", "test.csv if its images have no labels")
