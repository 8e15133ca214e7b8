"""DICOM as people have it."""

import pytest

pytest.importorskip("pydicom", reason="needs pip install medjax[dicom]")


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
