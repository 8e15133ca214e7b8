"""DICOM as people have it."""

import pytest

pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")


def _images(said):
    return sum(split["images"] for split in said.report["splits"].values())


@pytest.mark.parametrize(
    "name, count",
    [
        ("dicom_without_suffix", 16),
        ("dicom_some_without_suffix", 24),
        ("dicom_dicomdir", 16),
    ],
)
def test_every_image_is_found_whatever_its_name_is(name, count, case, describe):
    said = describe(case(name))
    assert said.status == 0 and _images(said) == count


@pytest.mark.parametrize(
    "name",
    [
        "dicom_empty_rescale",
        "dicom_modality_lut_of_12_bits",
        "dicom_no_transfer_syntax",
        "dicom_no_photometric",
        "dicom_overlay_bits",
        "dicom_overlay_bits_uncompressed",
        "dicom_rgb_is_ycbcr",
    ],
)
def test_an_odd_header_gives_the_images_of_a_whole_one(name, case, describe, same_images):
    folder = case(name)
    assert describe(folder).status == 0
    same_images(f"folder:{folder}", f"folder:{folder}.right")


@pytest.fixture
def series(case):
    """Two patients with two series each of two files a class, and the index of a medium."""
    folder = case("dicom_dicomdir")
    for place in ("benign", "malignant"):
        for number, file in enumerate(sorted((folder / place).glob("IM*"))):
            there = folder / place / f"patient_{number // 4}" / "study" / f"series_{number // 2}"
            there.mkdir(parents=True, exist_ok=True)
            file.rename(there / f"1.2.840.{number}")
    index = folder / "benign/DICOMDIR"
    index.rename(folder / "benign/patient_0/study/DICOMDIR")
    return folder


def test_each_file_of_a_series_is_an_image_of_its_patient(series, describe):
    said = describe(series, "--folder.patients=folders", "--cut.val=0", "--cut.test=0.5")
    assert said.status == 0 and said.report["cut"] == "patient"
    assert {x: split["images"] for x, split in said.report["splits"].items()} == {
        "train": 8,
        "test": 8,
    }
    assert said.warnings == [f"{series}: no images, and not read: 1 × DICOM index, in benign"]
