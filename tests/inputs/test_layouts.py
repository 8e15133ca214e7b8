"""Public sets as they are downloaded, each read by the command that docs/DATA.md shows."""

import importlib.util
import pathlib
import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

import pytest

from medjax.data import CutOptions, FolderOptions
from medjax.data.pictures import folders

ROOT = pathlib.Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location(
    "layouts", pathlib.Path(__file__).parent / "layouts.py"
)
layouts = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(layouts)
FIVE = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion"]
GRADES = ["0", "1", "2", "3", "4"]
TINY = (
    "net.width=4,net.depth=1,ipc=1,iterations=2,log_every=1,evaluation.every=2,"
    "evaluation.networks=1,evaluation.select_networks=1,evaluation.epochs=1,"
    "evaluation.whole_steps=2,distill.batch_real=4,distill.outer_loop=2,distill.inner_loop=1,"
    "data.size=16"
)


class Layout(NamedTuple):
    """What is read of a look-alike: images, by split if splits are official; classes; patients."""

    make: Callable[..., None]
    images: int | dict[str, int]
    classes: list[str]
    patients: int | None
    multi_label: bool = False


LAYOUTS = {
    "NIH ChestX-ray14": Layout(
        layouts.nih, {"train": 32, "test": 16}, ["Effusion", "Mass"], 24, multi_label=True
    ),
    "CheXpert": Layout(layouts.chexpert, {"train": 30, "test": 15}, FIVE, 30, multi_label=True),
    "MIMIC-CXR": Layout(
        layouts.mimic, {"train": 30, "val": 8, "test": 8}, FIVE, 12, multi_label=True
    ),
    "HAM10000": Layout(
        layouts.ham10000, 56, ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"], 28
    ),
    "ISIC 2019": Layout(
        layouts.isic2019, 64, ["AK", "BCC", "BKL", "DF", "MEL", "NV", "SCC", "VASC"], None
    ),
    "RSNA pneumonia": Layout(layouts.rsna, 24, ["0", "1"], 24),
    "EyePACS": Layout(layouts.eyepacs, 50, GRADES, 25),
    "APTOS 2019": Layout(layouts.aptos, 40, GRADES, None),
    "PatchCamelyon (Kaggle)": Layout(layouts.patchcamelyon, 24, ["0", "1"], None),
    "COVIDx": Layout(layouts.covidx, {"train": 20, "test": 8}, ["negative", "positive"], 14),
    "OCT (Kermany)": Layout(
        *(layouts.kermany, {"train": 32, "val": 8, "test": 16}),
        *(["CNV", "DME", "DRUSEN", "NORMAL"], 28),
    ),
    "Brain tumour MRI": Layout(
        *(layouts.brain_tumour, {"train": 32, "test": 16}),
        *(["glioma", "meningioma", "notumor", "pituitary"], None),
    ),
}


def documented():
    """Returns the options of each set in the table of docs/DATA.md."""
    text = (ROOT / "docs" / "DATA.md").read_text("utf-8")
    section = text.partition("### Public sets")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (.+?) \| (`.+`|none) \| .+ \|$", section, re.MULTILINE)
    return {name: shlex.split(cell.replace("\\|", "|").strip("`")) for name, cell in rows}


@pytest.fixture
def made(tmp_path):
    """``made(name)`` is the folder of a look-alike, and its options."""

    def write_dicom(path, pixels):
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelRepresentation, dataset.PixelData = 0, pixels.tobytes()
        dataset.save_as(path, enforce_file_format=True)

    def make(name):
        folder = tmp_path / LAYOUTS[name].make.__name__
        if name == "RSNA pneumonia":
            pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")
            layouts.rsna(folder, write_dicom)
        else:
            LAYOUTS[name].make(folder)
        return folder, [flag for flag in documented()[name] if flag != "none"]

    return make


def listed(folder, flags):
    """Returns the entries that options list."""
    pairs = [flag.removeprefix("--folder.").partition("=") for flag in flags]
    options = FolderOptions(**{name: value if equals else True for name, equals, value in pairs})
    return folders.entries(folder, options, CutOptions()).entries


def test_each_documented_set_has_a_look_alike():
    assert list(documented()) == list(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_documented_command_reads_the_set(name, made, describe):
    folder, flags = made(name)
    said = describe(folder, *flags)
    assert said.status == 0, said.line
    right, report = LAYOUTS[name], said.report
    images = {split: found["images"] for split, found in report["splits"].items()}
    if isinstance(right.images, int):
        assert sum(images.values()) == right.images and len(images) == 3
        assert report["cut"] == ("file" if right.patients is None else "patient")
    else:
        assert images == right.images and report["cut"] == ""
    assert report["classes"] == right.classes
    assert report["task"].startswith("multi-label") == right.multi_label
    assert not [line for line in said.warnings if "leakage" in line]
    entries = listed(folder, flags)
    groups = {split: {x.group for x in entries if x.split == split} for split in images}
    assert sum(map(len, groups.values())) == len(set().union(*groups.values()))
    named = any(entry.group != entry.name for entry in entries)
    assert named == (right.patients is not None)
    if named:
        assert len(set().union(*groups.values())) == right.patients
    print(f"{name}: {images}, {len(right.classes)} classes, {report['patients'] or 'no patients'}")


@pytest.mark.parametrize("name", ["NIH ChestX-ray14", "CheXpert"])
def test_the_config_of_chests_runs_on_them(name, made, distil):
    folder, flags = made(name)
    options = [flag.replace("--folder.", "--config.data.folder.") for flag in flags]
    said = distil(f"folder:{folder}", *options, config="dsa_chest.py:quick", short=TINY)
    assert said.status == 0, said.line
    assert said.report["data"]["classes"] == LAYOUTS[name].classes
    assert 0 <= said.report["test"]["auroc"]["mean"] <= 1


def test_a_patient_in_two_tables_is_leakage(made, describe):
    folder, flags = made("CheXpert")
    table = folder / "valid.csv"
    (folder / "valid" / "patient64541").rename(folder / "valid" / "patient00001")
    table.write_text(table.read_text().replace("patient64541", "patient00001"))
    said = describe(folder, *flags)
    assert "leakage: 1 patient is in train and test" in said.warnings


def test_another_folder_name_and_a_table_in_the_current_folder(made, describe, tmp_path):
    folder, flags = made("CheXpert")
    for table in ("train.csv", "valid.csv"):
        (folder / table).rename(tmp_path / table)
    said = describe(folder.rename(tmp_path / "chests"), *flags)
    assert said.status == 0, said.line
    assert sum(split["images"] for split in said.report["splits"].values()) == 45


def test_without_its_lists_a_set_is_cut_by_patient(made, describe):
    folder, flags = made("NIH ChestX-ray14")
    said = describe(
        folder, *[flag.replace(",train_val_list.txt,test_list.txt", "") for flag in flags]
    )
    assert said.images == 48 and said.report["cut"] == "patient"
    assert said.report["patients"].startswith("patients stay whole")


def test_what_the_tables_of_studies_lack_is_counted(made, describe):
    folder, flags = made("MIMIC-CXR")
    said = describe(folder, *[flag for flag in flags if "skip" not in flag])
    assert said.status == 2
    table = folder / "mimic-cxr-2.0.0-chexpert.csv.gz"
    assert f"no row of {table} with the same study_id, subject_id in 2 of 48 rows" in said.line
    assert "the first in line 12: 50000005" in said.line
