"""Look-alikes of public data sets: their folders, names and tables, with made-up images."""

import csv
import gzip
import pathlib

import numpy as np
from PIL import Image

SIDE = 16


def pixels(label: int, number: int) -> np.ndarray:
    """uint8 [16, 16], unlike any other: brighter at the right in odd classes, on top in 2 and 3."""
    image = np.random.default_rng([label, number]).integers(20, 120, (SIDE, SIDE))
    image[:, SIDE // 2 :] += 60 * (label % 2)
    image[: SIDE // 2] += 60 * (label // 2 % 2)
    return image.astype(np.uint8)


def picture(path: pathlib.Path, label: int, number: int, *, colour: bool = False) -> None:
    image = pixels(label, number)
    if colour:
        image = np.stack([image, image // 2, image // 4], -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def table(path: pathlib.Path, header, rows, *, delimiter: str = ",") -> None:
    """Writes a table, packed if its name ends in ``.gz``; an empty header is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([header, *rows] if header else rows)


def nih(root: pathlib.Path) -> None:
    """NIH ChestX-ray14: images in numbered folders, several findings joined by a bar."""
    findings = ("No Finding", "Effusion", "Mass", "Effusion|Mass")
    rows = []
    for patient in range(1, 25):
        for number in range(2):
            kind = (patient + number) % 4
            name = f"{patient:08d}_{number:03d}.png"
            folder = root / f"images_{1 + patient // 13:03d}" / "images"
            picture(folder / name, kind, 10 * patient + number)
            rows.append((name, findings[kind], number, patient, "058Y", "M", "PA"))
    rows = [(*row, 16, 16, 0.1, 0.1, "") for row in rows]
    header = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age")
    header += ("Patient Gender", "View Position", "OriginalImage[Width", "Height]")
    table(root / "Data_Entry_2017.csv", (*header, "OriginalImagePixelSpacing[x", "y]", ""), rows)
    names = [row[0] for row in rows]
    for name, chosen in (("train_val", names[:32]), ("test", names[32:])):
        (root / f"{name}_list.txt").write_text("\n".join(chosen))


CHEXPERT = (
    *("No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion"),
    *("Edema", "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion"),
    *("Pleural Other", "Fracture", "Support Devices"),
)


def _findings(number: int, *, certain: bool = False) -> dict[str, str]:
    """The cells of a report: many are empty, some are uncertain."""
    cells = dict.fromkeys(CHEXPERT, "0.0" if certain else "")
    cells["Cardiomegaly"] = ("0.0", "1.0")[number % 2]
    cells["Edema"] = ("", "1.0", "-1.0")[number % 3]
    cells["Pleural Effusion"] = ("0.0", "1.0")[number // 2 % 2]
    cells["Atelectasis"] = ("", "", "1.0")[number // 3 % 3]
    cells["Consolidation"] = ("0.0", "", "1.0", "")[number // 4 % 4]
    if certain:
        cells = {name: "1.0" if cell == "1.0" else "0.0" for name, cell in cells.items()}
    return cells


def chexpert(root: pathlib.Path) -> None:
    """CheXpert: a table for train and one for valid, a column a finding, patients in the path."""
    for split, patients in (("train", range(1, 21)), ("valid", range(64541, 64551))):
        rows = []
        for number, patient in enumerate(patients):
            for view in range(1, 2 + number % 2):
                path = f"{split}/patient{patient:05d}/study1/view{view}_frontal.jpg"
                picture(root / path, number % 4, 10 * patient + view)
                cells = _findings(number, certain=split == "valid").values()
                rows.append((f"{root.name}/{path}", "Female", 68, "Frontal", "AP", *cells))
        header = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT)
        table(root / f"{split}.csv", header, rows)


def mimic(root: pathlib.Path) -> None:
    """MIMIC-CXR-JPG: packed tables, splits of images in one, findings of studies in another."""
    splits, findings = [], []
    for number in range(48):
        subject, study = 10_000_032 + number // 4, 50_000_000 + number // 2
        dicom = f"{number * 2654435761 % 2**32:08x}-0abc-1def"
        place = f"files/p{str(subject)[:2]}/p{subject}/s{study}/{dicom}.jpg"
        picture(root / place, number // 2 % 4, number)
        split = "test" if number >= 40 else "validate" if number >= 32 else "train"
        splits.append((dicom, study, subject, split))
        if number % 2 == 0 and number != 10:  # one study has no findings
            cells = _findings(number // 2)
            findings.append((subject, study, *(cells[name] for name in sorted(CHEXPERT))))
    names = ("dicom_id", "study_id", "subject_id", "split")
    table(root / "mimic-cxr-2.0.0-split.csv.gz", names, splits)
    names = ("subject_id", "study_id", *sorted(CHEXPERT))
    table(root / "mimic-cxr-2.0.0-chexpert.csv.gz", names, findings)


def ham10000(root: pathlib.Path) -> None:
    """HAM10000 (ISIC 2018): ids without a suffix, images in two parts, several images a lesion."""
    names = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    rows = []
    for number in range(56):
        name = f"ISIC_{24306 + number:07d}"
        kind = number // 2 % 7
        part = root / f"HAM10000_images_part_{1 + number % 2}"
        picture(part / f"{name}.jpg", kind, number, colour=True)
        lesion = f"HAM_{number // 2:07d}"
        rows.append((lesion, name, names[kind], "histo", "80.0", "male", "scalp"))
    header = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
    table(root / "HAM10000_metadata.csv", header, rows)


def isic2019(root: pathlib.Path) -> None:
    """ISIC 2019: a column for each class, a single 1.0 in each row."""
    names = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")
    rows = []
    for number in range(64):
        kind, name = number % 8, f"ISIC_{number:07d}"
        picture(root / "ISIC_2019_Training_Input" / f"{name}.jpg", kind, number, colour=True)
        rows.append((name, *(float(place == kind) for place in range(9))))
    table(root / "ISIC_2019_Training_GroundTruth.csv", ("image", *names), rows)


def rsna(root: pathlib.Path, dicom) -> None:
    """RSNA pneumonia: DICOM files named by patient, and a row for each box.

    ``dicom(path, pixels)`` writes a file.
    """
    rows = []
    (root / "stage_2_train_images").mkdir(parents=True)
    for number in range(24):
        patient, target = f"{number:08d}-92fe-4d59", number % 2
        dicom(root / "stage_2_train_images" / f"{patient}.dcm", pixels(target, number))
        boxes = [(1.0, 2.0, 3.0, 4.0), (9.0, 2.0, 3.0, 4.0)] if target else [("", "", "", "")]
        rows += [(patient, *box, target) for box in boxes]
    header = ("patientId", "x", "y", "width", "height", "Target")
    table(root / "stage_2_train_labels.csv", header, rows)


def eyepacs(root: pathlib.Path) -> None:
    """EyePACS: ids without a suffix, both eyes of a patient, grades."""
    rows = []
    for number in range(50):
        name = f"{10 + number // 2}_{('left', 'right')[number % 2]}"
        grade = number // 2 % 5
        picture(root / "train" / f"{name}.jpeg", grade, number, colour=True)
        rows.append((name, grade))
    table(root / "trainLabels.csv", ("image", "level"), rows)


def aptos(root: pathlib.Path) -> None:
    """APTOS 2019: ids without a suffix, grades, and images without labels for a test."""
    rows = []
    for number in range(40):
        name, grade = f"{number * 2654435761 % 2**48:012x}", number % 5
        picture(root / "train_images" / f"{name}.png", grade, number, colour=True)
        rows.append((name, grade))
    table(root / "train.csv", ("id_code", "diagnosis"), rows)
    picture(root / "test_images" / "0005cfc8afb6.png", 0, 99, colour=True)
    table(root / "test.csv", ("id_code",), [("0005cfc8afb6",)])


def patchcamelyon(root: pathlib.Path) -> None:
    """PatchCamelyon as on Kaggle: TIFF patches named by a hash, and a table of labels."""
    rows = []
    for number in range(24):
        name = f"{number * 2654435761 % 2**32:08x}fe34a1"
        picture(root / "train" / f"{name}.tif", number % 2, number, colour=True)
        rows.append((name, number % 2))
    table(root / "train_labels.csv", ("id", "label"), rows)
    picture(root / "test" / "0b2ea2a822ad.tif", 0, 99, colour=True)


def covidx(root: pathlib.Path) -> None:
    """COVIDx: a text file for each split, columns apart by spaces, without a header."""
    for split, first, count in (("train", 0, 20), ("test", 50, 8)):
        rows = []
        for number in range(first, first + count):
            label, patient = number // 2 % 2, number // 2
            name = f"{split}-{number:04d}.png"
            picture(root / split / name, label, number)
            rows.append((patient, name, ("negative", "positive")[label], "cohen"))
        table(root / f"{split}.txt", (), rows, delimiter=" ")


def kermany(root: pathlib.Path) -> None:
    """Kermany OCT: folders of splits and classes, the patient in the file's name."""
    names = ("CNV", "DME", "DRUSEN", "NORMAL")
    for split, first, patients in (("train", 0, 4), ("val", 4, 1), ("test", 5, 2)):
        for label, name in enumerate(names):
            for number in range(2 * first, 2 * (first + patients)):
                patient = 1_000_000 + 97 * (number // 2) + label
                file = f"{name}-{patient}-{1 + number % 2}.jpeg"
                picture(root / split / name / file, label, number)


def brain_tumour(root: pathlib.Path) -> None:
    """Brain-tumour MRI: the folders Training and Testing."""
    names = ("glioma", "meningioma", "notumor", "pituitary")
    for split, word, first, count in (("Training", "Tr", 0, 8), ("Testing", "Te", 8, 4)):
        for label, name in enumerate(names):
            for number in range(first, first + count):
                picture(root / split / name / f"{word}-{name[:2]}_{number:04d}.jpg", label, number)
