"""Folders as people have them."""

import pathlib

import pytest

from medjax.cli import data as cli_data

ALL = {"train": 18, "val": 2, "test": 4}


def counts(said):
    assert said.status == 0, said.line
    return {name: split["images"] for name, split in said.report["splits"].items()}


def _refused(said, *parts):
    assert said.status == 2
    assert all(part in said.line for part in parts), said.line


def _split(folder, names):
    """Moves the images of class folders into split folders, two thirds into the first."""
    for file in sorted(folder.glob("*/*.png")):
        split = names[int(file.stem[-2:]) % 3 // 2]
        new = folder / split / file.parent.name / file.name
        new.parent.mkdir(parents=True, exist_ok=True)
        file.rename(new)
    for empty in ("benign", "malignant"):
        (folder / empty).rmdir()


def test_patients_in_folders(case, describe):
    folder = case("patient_folders")
    _refused(describe(folder), "is a folder inside a class", "--folder.patients=folders")
    said = describe(folder, "--folder.patients=folders")
    assert said.report["cut"] == "patient" and sum(counts(said).values()) == 24
    assert all(count % 3 == 0 for count in counts(said).values())  # three images of each
    deeper = folder / "benign" / "patient_00" / "series" / "1"
    deeper.mkdir(parents=True)
    (folder / "benign" / "patient_00" / "scan_00.png").rename(deeper / "scan_00.png")
    assert all(x % 3 == 0 for x in counts(describe(folder, "--folder.patients=folders")).values())
    _refused(describe(folder, "--folder.patients=folder"), "did you mean 'folders'?")


def test_patients_in_folders_below_official_splits(case, describe):
    folder = case("patient_folders")
    for split, first, last in (("Training", 0, 2), ("Testing", 2, 8)):
        for name in ("benign", "malignant"):
            (folder / split / name).mkdir(parents=True)
            for patient in sorted((folder / name).iterdir())[first - 2 * bool(first) : last]:
                patient.rename(folder / split / name / patient.name)
    for name in ("benign", "malignant"):
        (folder / name).rmdir()
    _refused(describe(folder), "--folder.patients=folders")
    said = describe(folder, "--folder.patients=folders")
    assert counts(said) == {"train": 12, "test": 12} and not said.warnings
    (folder / "Testing" / "benign" / "patient_02").rename(
        folder / "Testing" / "benign" / "patient_00"
    )
    said = describe(folder, "--folder.patients=folders")
    assert said.warnings == ["leakage: 1 patient is in train and test"]


def test_images_beside_patient_folders_are_refused(case, describe):
    folder = case("patient_folders")
    file = folder / "benign" / "patient_00" / "scan_00.png"
    file.rename(folder / "benign" / "scan_00.png")
    said = describe(folder, "--folder.patients=folders")
    _refused(said, "benign/scan_00.png lies in a class itself")


def test_splits_inside_classes_are_no_patients(case, describe):
    folder = case("bom_and_crlf")
    for file in sorted(folder.glob("*/*.png")):
        new = file.parent / ("train" if file.stem[-1] < "5" else "test") / file.name
        new.parent.mkdir(exist_ok=True)
        file.rename(new)
    for flags in ([], ["--folder.patients=folders"]):
        _refused(describe(folder, *flags), "splits hold the classes")


@pytest.mark.parametrize("names", [("Train", "Test"), ("Training", "Testing"), ("TRAIN", "test")])
@pytest.mark.parametrize("inside", ["", "chest_xray/chest_xray"])
def test_split_folders(names, inside, case, describe):
    folder = case("bom_and_crlf")
    _split(folder, names)
    for name in names if inside else ():
        (folder / inside).mkdir(parents=True, exist_ok=True)
        (folder / name).rename(folder / inside / name)
    said = describe(folder)
    assert counts(said) == {"train": 16, "test": 8} and said.report["cut"] == ""


@pytest.mark.parametrize("val", ["val", "Valid", "Validation", "dev"])
def test_folders_of_val(val, case, describe):
    folder = case("bom_and_crlf")
    _split(folder, ("train", "test"))
    (folder / val / "benign").mkdir(parents=True)
    (folder / "test" / "benign" / "scan_02.png").rename(folder / val / "benign" / "scan_02.png")
    assert counts(describe(folder)) == {"train": 16, "val": 1, "test": 7}
    (folder / "validation set" / "benign").mkdir(parents=True)
    (folder / "train" / "benign" / "scan_00.png").rename(
        folder / "validation set" / "benign" / "scan_00.png"
    )
    _refused(describe(folder), val, "validation set", "both name val")


def test_other_folders_beside_splits(case, describe):
    folder = case("bom_and_crlf")
    _split(folder, ("Train", "Test"))
    (folder / "masks").mkdir()
    (folder / "Train" / "benign" / "scan_00.png").rename(folder / "masks" / "scan_00.png")
    _refused(describe(folder), "holds masks beside Test, Train")


def test_class_folders_in_one_more_folder(case, describe):
    folder = case("bom_and_crlf")
    (folder / "table.csv").unlink()
    inner = folder / "all scans"
    inner.mkdir()
    for name in ("benign", "malignant"):
        (folder / name).rename(inner / name)
    _refused(describe(folder), "is a folder inside a class", f"'--name=folder:{inner}'")
    assert counts(describe(inner)) == ALL


def test_class_folders_in_two_forms_are_one_class(case, describe):
    folder = case("bom_and_crlf")
    (folder / "benign").rename(folder / "gutartig_grün")
    (folder / "gutartig_gru\u0308n").mkdir()
    for file in list((folder / "gutartig_grün").iterdir())[:6]:
        file.rename(folder / "gutartig_gru\u0308n" / file.name)
    said = describe(folder)
    assert counts(said) == ALL and said.report["classes"] == ["gutartig_grün", "malignant"]


def test_leftovers_are_passed_over(case, describe):
    folder = case("bom_and_crlf")
    for name in (
        *(".ipynb_checkpoints/scan.png", "__MACOSX/benign/._scan.png", "benign/._scan_00.png"),
        *("benign/Thumbs.db", "malignant/desktop.ini", "malignant/.ipynb_checkpoints/a.png"),
    ):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"no picture")
    assert counts(describe(folder)) == ALL


def test_a_folder_with_a_table_shows_the_command(case, describe):
    folder = case("findings_joined")
    command = f"python -m medjax.data --name=folder:{folder} --folder.table={folder}/table.csv"
    _refused(describe(folder), "48 × .png", "table table.csv: file, label", command)
    folder = case("uncertain_findings")
    _refused(describe(folder), "table table.csv: file, edema, effusion", "--folder.table")
    _refused(describe(folder), "--folder.findings=edema,effusion")


def test_images_beside_class_folders_are_not_passed_over_in_silence(case, describe):
    folder = case("bom_and_crlf")
    (folder / "benign" / "scan_00.png").rename(folder / "scan_00.png")
    said = describe(folder)
    assert sum(counts(said).values()) == 23
    assert said.warnings == [
        f"{folder}: images outside class folders are not read: 1, the first is scan_00.png"
    ]


def test_files_that_hold_nothing(case, describe):
    folder = case("zero_byte_file")
    _refused(describe(folder), "1 of 24 files cannot be read: benign/scan_05.png")
    assert sum(counts(describe(folder, "--convert.skip_unreadable")).values()) == 23


@pytest.mark.parametrize("target", ["again.png", "gone.png"])
def test_links_that_lead_nowhere(target, case, describe):
    folder = case("symlink_loop")
    link = folder / "benign" / "again.png"
    link.unlink()
    link.symlink_to(target)
    _refused(describe(folder), f"cannot read {link}: ", "--convert.skip_unreadable=True")
    said = describe(folder, "--convert.skip_unreadable")
    assert sum(counts(said).values()) == 24
    assert [x["name"] for x in said.report["left_out"]] == ["benign/again.png"]


def test_a_link_to_a_folder_above_is_no_loop(case, describe):
    folder = case("bom_and_crlf")
    (folder / "benign" / "up").symlink_to("..")
    assert counts(describe(folder)) == ALL


def test_a_folder_without_its_prefix(case, run, monkeypatch):
    from medjax.cli import data as cli_data

    folder = case("bom_and_crlf")
    monkeypatch.chdir(folder.parent)
    for name in (folder.name, f"./{folder.name}", str(folder)):
        said = run(cli_data.main, f"--name={name}")
        assert said.status == 2 and f"its images are read as folder:{name}" in said.line
    assert pathlib.Path.cwd() == folder.parent


@pytest.mark.parametrize("spelled", [str.upper, lambda x: x.replace("_", " ")])
def test_a_patient_in_two_spellings_is_leakage(case, describe, tmp_path, spelled):
    files = sorted(case("patient_folders").glob("*/patient_*/*.png"))
    for number, split in enumerate(("train", "test")):
        for file in files[number::2]:
            patient = spelled(file.parent.name) if number else file.parent.name
            new = tmp_path / "cut" / split / file.parts[-3] / patient / file.name
            new.parent.mkdir(parents=True, exist_ok=True)
            file.rename(new)
    said = describe(tmp_path / "cut", "--folder.patients=folders")
    assert any("leakage: 8 patients are in train and test" in line for line in said.warnings)
    assert said.warned("8 patients are spelled in several ways, as ", "and each is taken as one")


@pytest.mark.parametrize("flags", [[], ["--folder.patients=folders"]])
@pytest.mark.parametrize("patients", [False, True])
def test_splits_of_a_second_version_are_no_classes(tmp_path, save, describe, flags, patients):
    for number in range(24):
        split, label = ("train_v2", "test_v2")[number % 2], number % 4 // 2
        folder = tmp_path / "set" / split / ("benign", "malignant")[label]
        save(folder / (f"p{number}" * patients) / f"{number}.png", label, number)
    said = describe(tmp_path / "set", *flags)
    _refused(said, "if test_v2 and train_v2 are splits, rename test_v2 to test and train_v2 to")
    assert "use --folder.patients" not in said.line


@pytest.mark.parametrize("flags", [[], ["--folder.patients=folders"]])
def test_a_second_version_alone_is_a_folder_around_the_classes(tmp_path, save, describe, flags):
    for number in range(24):
        label = number % 2
        folder = tmp_path / "set" / "train_v2" / ("benign", "malignant")[label]
        save(folder / (f"p{number % 6}" * bool(flags)) / f"{number}.png", label, number)
    said = describe(tmp_path / "set", *flags)
    inside = tmp_path / "set" / "train_v2"
    _refused(said, f"if {inside} holds the classes")
    command = said.line.rpartition("python -m medjax.data ")[2].split()
    assert describe(inside, *command[1:]).images == 24 and command[1:] == flags


@pytest.mark.parametrize("name", ["folder:", "folder: ", "tfds:"])
def test_a_kind_of_set_without_a_name(name, run, distil, case, monkeypatch):
    monkeypatch.chdir(case("zero_byte_file"))
    said = run(cli_data.main, f"--name={name}")
    assert said.refused(f"{name!r} names nothing to read; write it as in {name.strip()}")
    assert len(said.lines) == 1
    assert distil(f"data.name='{name}'").refused("names nothing to read")


def test_a_folder_whose_name_starts_with_a_tilde(case, run, distil, tmp_path):
    case("one_grey_jpeg_as_rgb").rename(tmp_path / "~scans")
    said = run(cli_data.main, "--name=folder:./~scans", "--size=16")
    assert said.status == 0, said.line
    said = distil("folder:./~scans,data.size=16", "--workdir=./~run")
    assert said.status == 0 and (tmp_path / "~run" / "summary.json").is_file()
    assert run(cli_data.main, "--name=folder:~scans").refused("./~scans is a path in this folder")
