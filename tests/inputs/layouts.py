"""Look-alikes of ten public data sets: their folders, file names and tables, with made-up images."""

import csv
import pathlib

import numpy as np
from PIL import Image

SIDE = 16


def picture(path: pathlib.Path, label: int, number: int, *, colour: bool = False) -> None:
    """Writes a 16×16 picture whose right half is brighter in class 1 and whose top is in class 2."""
    image = np.random.default_rng([label, number]).integers(20, 120, (SIDE, SIDE))
    image[:, SIDE // 2 :] += 100 * (label % 2)
    image[: SIDE // 2] += 60 * (label // 2 % 2)
    pixels = image.clip(0, 255).astype(np.uint8)
    if colour:
        pixels = np.stack([pixels, pixels // 2, pixels // 4], -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def table(path: pathlib.Path, header, rows, **how) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream, **how).writerows([header, *rows] if header else rows)


def nih(root: pathlib.Path) -> None:
    """NIH ChestX-ray14: images in numbered folders, several findings joined by a bar."""
    findings = ("No Finding", "Effusion", "Mass", "Effusion|Mass")
    rows = []
    for patient in range(1, 25):
        for number in range(2):
            kind = (patient + number) % 4
            name = f"{patient:08d}_{number:03d}.png"
            picture(
                root / f"images_{1 + patient // 13:03d}" / "images" / name,
                kind,
                10 * patient + number,
            )
            rows.append(
                (name, findings[kind], number, patient, "058Y", "M", "PA", 16, 16, 0.1, 0.1, "")
            )
    header = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age")
    header += ("Patient Gender", "View Position", "OriginalImage[Width", "Height]")
    table(root / "Data_Entry_2017.csv", (*header, "OriginalImagePixelSpacing[x", "y]", ""), rows)


CHEXPERT = ("No Finding", "Cardiomegaly", "Edema", "Pleural Effusion")


def _chexpert_row(number: int) -> tuple[str, ...]:
    edema = ("1.0", "0.0", "-1.0", "")[number % 4]
    effusion = ("0.0", "1.0")[number // 2 % 2]
    return (
        "1.0" if edema == "0.0" and effusion == "0.0" else "",
        ("", "1.0", "0.0")[number % 3],
        edema,
        effusion,
    )


def chexpert(root: pathlib.Path) -> None:
    """CheXpert: a table for train and one for valid, a column a finding, patients in the path."""
    for split, patients in (("train", range(1, 31)), ("valid", range(64541, 64549))):
        rows = []
        for number, patient in enumerate(patients):
            path = f"{root.name}/{split}/patient{patient:05d}/study1/view1_frontal.jpg"
            values = _chexpert_row(number)
            picture(root.parent / path, number % 4, patient)
            rows.append((path, "Female", 68, "Frontal", "AP", *values))
        header = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT)
        table(root / f"{split}.csv", header, rows)


def mimic(root: pathlib.Path) -> None:
    """MIMIC-CXR-JPG: the splits in one table, the findings of the studies in another."""
    splits, findings = [], []
    for number in range(48):
        subject, study, dicom = 10_000_032 + number // 2, 50_000_000 + number, f"{number:08x}-0abc"
        place = f"files/p{str(subject)[:2]}/p{subject}/s{study}/{dicom}.jpg"
        picture(root / place, number % 4, number)
        split = "test" if number >= 40 else "validate" if number >= 32 else "train"
        splits.append((dicom, study, subject, split))
        findings.append((subject, study, *_chexpert_row(number)))
    table(
        root / "mimic-cxr-2.0.0-split.csv", ("dicom_id", "study_id", "subject_id", "split"), splits
    )
    table(root / "mimic-cxr-2.0.0-chexpert.csv", ("subject_id", "study_id", *CHEXPERT), findings)


def ham10000(root: pathlib.Path) -> None:
    """HAM10000 (ISIC 2018): ids without a suffix, images in two parts, several images a lesion."""
    rows = []
    for number in range(36):
        name = f"ISIC_{24306 + number:07d}"
        kind = number // 2 % 3
        picture(
            root / f"HAM10000_images_part_{1 + number % 2}" / f"{name}.jpg",
            kind,
            number,
            colour=True,
        )
        rows.append(
            (
                f"HAM_{number // 2:07d}",
                name,
                ("bkl", "mel", "nv")[kind],
                "histo",
                "80.0",
                "male",
                "scalp",
            )
        )
    header = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
    table(root / "HAM10000_metadata.csv", header, rows)


def rsna(root: pathlib.Path, dicom) -> None:
    """RSNA pneumonia: DICOM files named by patient, and a row for each box."""
    rows = []
    for number in range(24):
        patient, target = f"{number:08d}-92fe", number % 2
        dicom(root / "stage_2_train_images" / f"{patient}.dcm", target, number)
        boxes = [(1.0, 2.0, 3.0, 4.0), (9.0, 2.0, 3.0, 4.0)] if target else [("", "", "", "")]
        rows += [(patient, *box, target) for box in boxes]
    table(
        root / "stage_2_train_labels.csv",
        ("patientId", "x", "y", "width", "height", "Target"),
        rows,
    )


def eyepacs(root: pathlib.Path) -> None:
    """EyePACS: ids without a suffix, both eyes of a patient, grades."""
    rows = []
    for number in range(40):
        name = f"{10 + number // 2}_{('left', 'right')[number % 2]}"
        grade = number // 2 % 5
        picture(root / "train" / f"{name}.jpeg", grade, number, colour=True)
        rows.append((name, grade))
    table(root / "trainLabels.csv", ("image", "level"), rows)


def patchcamelyon(root: pathlib.Path) -> None:
    """PatchCamelyon as on Kaggle: TIFF patches named by a hash, and a table of labels."""
    rows = []
    for number in range(24):
        name = f"{number * 2654435761 % 2**32:08x}fe34a1"
        picture(root / "train" / f"{name}.tif", number % 2, number, colour=True)
        rows.append((name, number % 2))
    table(root / "train_labels.csv", ("id", "label"), rows)


def covidx(root: pathlib.Path) -> None:
    """COVIDx: a text file for each split, columns apart by spaces, without a header."""
    for split, first, count in (("train", 0, 20), ("test", 50, 8)):
        rows = []
        for number in range(first, first + count):
            label = number % 2
            name = f"{split}-{number:04d}.png"
            picture(root / split / name, label, number)
            rows.append((number, name, ("negative", "positive")[label], "cohen"))
        table(root / f"{split}.txt", None, rows, delimiter=" ")


def kermany(root: pathlib.Path) -> None:
    """Kermany OCT: folders of splits and classes, the patient in the file's name."""
    names = ("CNV", "DME", "DRUSEN", "NORMAL")
    for split, first, count in (("train", 0, 6), ("val", 6, 2), ("test", 8, 3)):
        for label, name in enumerate(names):
            for number in range(first, first + count):
                file = f"{name}-{1_000_000 + 97 * number + label}-{1 + number % 3}.jpeg"
                picture(root / split / name / file, label, number)


def brain_tumour(root: pathlib.Path) -> None:
    """Brain-tumour MRI: the folders Training and Testing."""
    names = ("glioma", "meningioma", "notumor", "pituitary")
    for split, word, first, count in (("Training", "Tr", 0, 8), ("Testing", "Te", 8, 4)):
        for label, name in enumerate(names):
            for number in range(first, first + count):
                picture(root / split / name / f"{word}-{name[:2]}_{number:04d}.jpg", label, number)
