"""Pictures that people report to be shown wrongly, or refused with a line that misleads."""

import gzip

import numpy as np
import pytest
from PIL import Image

from medjax import data

CLASSES = ("benign", "malignant")
CT, SEG, DOSE, MAP = (f"1.2.840.10008.5.1.4.1.1.{x}" for x in ("2", "66.4", "481.2", "30"))
OTHERS = {
    **{SEG: "segmentation", DOSE: "dose", MAP: "parametric map", f"{CT[:-1]}88.33": "report"},
    **{f"{CT[:-1]}481.3": "structure set", f"{CT[:-1]}11.1": "presentation state"},
}


def _pattern(label, number, shape=(16, 16)):
    image = np.random.default_rng([label, number]).integers(20, 120, shape)
    image[:, shape[1] // 2 :] += 100 * (label % 2)
    return image.astype(np.uint8)


@pytest.fixture
def pictures(tmp_path):
    """``pictures(write, suffix)`` calls ``write(path, label, number)`` for 12 of each class."""

    def make(write, suffix=".png", folder="set"):
        for label, name in enumerate(CLASSES):
            (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
            for number in range(12):
                write(tmp_path / folder / name / f"scan_{number:02d}{suffix}", label, number)
        return tmp_path / folder

    return make


@pytest.fixture
def dicom():
    """``dicom(path, pixels, **elements)`` writes a file of CT, or of the class ``sop``."""
    pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

    def write(path, pixels, sop=CT, bits=16, preamble=True, **elements):
        dataset, dataset.file_meta = pydicom.Dataset(), pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *pixels.shape, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.BitsAllocated = 8 * pixels.dtype.itemsize
        dataset.BitsStored, dataset.HighBit = bits, bits - 1
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        dataset.PixelData = pixels.tobytes()
        for name, value in elements.items():
            setattr(dataset, name, value)
        dataset.save_as(path, enforce_file_format=True)
        if not preamble:
            path.write_bytes(path.read_bytes()[132:])
        return path

    return write


def _hounsfield(label, number):
    return _pattern(label, number).astype(np.int16) * 8 - 1000


# DICOM --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".dcm", "", ".IMA"])
def test_objects_that_are_no_images_are_passed_over_in_a_line(suffix, pictures, dicom, describe):
    folder = pictures(lambda path, c, n: dicom(path, _hounsfield(c, n)), suffix)
    for sop, kind in OTHERS.items():
        for number in range(2):
            place = folder / CLASSES[number] / f"{kind}{suffix}"
            dicom(place, _pattern(0, number).astype(np.uint16), sop=sop)
    said = describe(folder)
    assert said.images == 24
    for kind in OTHERS.values():
        assert said.warned("not read: ", f"2 × DICOM {kind}", "in benign, malignant")


def test_a_table_or_folder_of_segmentations_is_refused(pictures, dicom, describe):
    folder = pictures(lambda path, c, n: dicom(path, _hounsfield(c, n), sop=SEG), ".dcm")
    assert describe(folder).refused("holds no images", "24 × DICOM segmentation")
    rows = [f"{file.relative_to(folder)},{file.parent.name}" for file in folder.rglob("*.dcm")]
    (folder / "table.csv").write_text("\n".join(["file,label", *rows]))
    refused = describe(folder, "--folder.table=table.csv")
    assert refused.refused("is no image: DICOM segmentation")


@pytest.mark.filterwarnings("ignore")  # of pydicom, on an odd value
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", [None, "IDENTITY", "INVERSE", "inverse "])
def test_an_inverse_presentation_is_inverted_once(shape, photometric, dicom, tmp_path):
    given = {} if shape is None else {"PresentationLUTShape": shape}
    pixels = _pattern(1, 0).astype(np.uint16)
    path = dicom(tmp_path / "a.dcm", pixels, PhotometricInterpretation=photometric, **given)
    (((picture,),),) = [data.decode_all([data.file_source(path, "a.dcm")])]
    inverse = photometric == "MONOCHROME1" or (shape or "").strip().upper() == "INVERSE"
    assert picture.inverted == inverse


SQUARE = {
    "PixelSpacing": ([2, 1], [1, 1]),
    "ImagerPixelSpacing": (["0.4", "0.2"], ["0.2", "0.2"]),
    "PixelAspectRatio": ([2, 1], [1, 1]),
}


@pytest.mark.parametrize("name", SQUARE)
@pytest.mark.parametrize("prepare", ["", "window(110, 220)"])
def test_pixels_that_are_not_square_are_stretched(name, prepare, pictures, dicom, tmp_path):
    pixels = np.kron(_pattern(1, 0, (8, 8)), np.ones((2, 2))).astype(np.uint16)

    def write(path, label, number):
        kept = np.ascontiguousarray(pixels[:: 1 + number % 2])
        dicom(path, kept + label, **{name: SQUARE[name][1 - number % 2]})

    folder = pictures(write, ".dcm")
    steps = data.parse_preparation(prepare)
    found = data.load(f"folder:{folder}", size=16, preparation=steps)
    for split in found.splits.values():
        assert (split.images.max((1, 2)) > 100).all()
        images = split.images.astype(float)
        assert abs(images - images.mean(0)).mean() < 8  # no bars of padding beside the others


@pytest.mark.parametrize(
    "value", [[1, 1], [1.0, 1.005], [0, 1], [1, 1000], ["1e300", "1e-300"], [3], "", "\\"]
)
@pytest.mark.filterwarnings("ignore")  # of pydicom, on odd values
def test_spacings_that_are_square_or_none_change_nothing(value, dicom, tmp_path):
    pixels = _pattern(1, 0).astype(np.uint16)
    path = dicom(tmp_path / "a.dcm", pixels, PixelSpacing=value)
    (((picture,),),) = [data.decode_all([data.file_source(path, "a.dcm")])]
    assert picture.aspect == 1 and picture.shown().shape == (16, 16)


def test_localizers_are_counted(pictures, dicom, describe):
    def write(path, label, number):
        kind = "LOCALIZER" if number in (0, 6) else "AXIAL"
        dicom(path, _hounsfield(label, number), ImageType=["ORIGINAL", "PRIMARY", kind])

    folder = pictures(write, ".dcm")
    for _ in range(2):  # converts, then reads the cache
        said = describe(folder)
        assert said.images == 24 and said.warned("4 images are localizers")


@pytest.mark.parametrize("bits", [12, 16])
def test_values_of_ct_that_wrapped_are_counted(bits, pictures, dicom, describe):
    def write(path, label, number):
        values, intercept = _hounsfield(label, number), 0 if number % 4 == 0 else -1024
        stored = (values - intercept).astype(np.uint16) & (2**bits - 1)
        window = {"WindowCenter": -500, "WindowWidth": 1000}
        dicom(path, stored, bits=bits, RescaleIntercept=intercept, RescaleSlope=1, **window)

    said = describe(pictures(write, ".dcm"))
    assert said.warned("6 images of CT hold values that no CT has", "RescaleIntercept of 0")


@pytest.mark.parametrize("case", ["signed", "rescaled", "other modality", "bright metal"])
def test_other_values_have_not_wrapped(case, dicom, tmp_path):
    stored = (_hounsfield(0, 0) & 0xFFF).astype(np.uint16)
    how = {"RescaleIntercept": -1024 if case == "rescaled" else 0, "RescaleSlope": 1}
    if case == "signed":
        stored = _hounsfield(0, 0)
    elif case == "bright metal":
        stored = np.full((16, 16), 1000, np.uint16)
        stored[3, 4:6] = 4095
    how["sop"] = "1.2.840.10008.5.1.4.1.1.4" if case == "other modality" else CT
    path = dicom(tmp_path / "a.dcm", stored, bits=16 if case == "signed" else 12, **how)
    (((picture,),),) = [data.decode_all([data.file_source(path, "a.dcm")])]
    assert picture.remarks == ()


def test_a_missing_preamble_changes_nothing(pictures, dicom, describe, same_images):
    folder = pictures(lambda path, c, n: dicom(path, _hounsfield(c, n), preamble=False), ".dcm")
    whole = pictures(lambda path, c, n: dicom(path, _hounsfield(c, n)), ".dcm", folder="whole")
    assert describe(folder).images == 24
    same_images(f"folder:{folder}", f"folder:{whole}")


def test_dicom_in_gzip_is_told(pictures, dicom, describe):
    def write(path, label, number):
        content = dicom(path, _hounsfield(label, number)).read_bytes()
        path.write_bytes(gzip.compress(content))

    folder = pictures(write, ".dcm.gz")
    assert describe(folder).refused("24 × DICOM in gzip, to be unpacked")
    for file in folder.rglob("*.gz"):
        file.rename(file.with_name(file.name.removesuffix(".gz")))
    assert describe(folder).refused("it is a compressed file; unpack it")


def test_files_of_another_kind_than_their_suffix_are_told(pictures, dicom, describe):
    folder = pictures(lambda path, c, n: dicom(path, _hounsfield(c, n)), ".png")
    assert describe(folder).refused("it is a DICOM file, which needs the suffix .dcm or none")

    def write(path, label, number):
        Image.fromarray(_pattern(label, number)).save(path, "PNG")

    assert describe(pictures(write, ".dcm", folder="other")).refused("it is a PNG file")


# Intensities --------------------------------------------------------------------------------------


def test_pictures_of_zero_to_one_in_bytes_are_told(pictures, describe):
    def write(path, label, number):
        Image.fromarray(_pattern(label, number) // 32).save(path)

    said = describe(pictures(write))
    assert said.warned("no value of the pictures is above 6 of 255", "the factor 255 is missing")


@pytest.mark.parametrize("greatest, warned", [(1, True), (16, True), (17, False), (0, False)])
def test_an_archive_of_zero_to_one_in_bytes_is_told(greatest, warned, describe, tmp_path):
    rng, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 12), ("test", 6)):
        images = rng.integers(0, 2, (count, 16, 16)) * greatest
        arrays |= {f"{split}_images": images.astype(np.uint8)}
        arrays |= {f"{split}_labels": np.arange(count)[:, None] % 2}
    np.savez(tmp_path / "mine.npz", **arrays)
    line = f"no value above {greatest} of 255", "the factor 255 is missing", "percentile_clip"
    assert describe(tmp_path / "mine.npz").warned(*line) == warned


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_a_range_for_each_picture_is_told(kind, pictures, describe):
    def write(path, label, number):
        pixels = _pattern(0, 20 * label + number).astype(np.float32) * (1 + 2 * label)
        Image.fromarray(pixels.astype(kind)).save(path)

    folder = pictures(write, ".tif")
    said = describe(folder)
    assert said.warned("24 images of 32 bits are stretched", "window or percentile_clip")
    assert not describe(folder, "--prepare=percentile_clip(1, 99)").warned("of 32 bits")


def test_floats_from_zero_to_one_keep_their_brightness(pictures, describe):
    def write(path, label, number):
        pixels = _pattern(label, number).astype(np.float32) / 300
        pixels[0, :2] = 0, 1
        Image.fromarray(pixels).save(path)

    assert not describe(pictures(write, ".tif")).warned("of 32 bits")


def test_the_most_pixels_are_said(pictures, describe):
    folder = pictures(lambda path, c, n: Image.fromarray(_pattern(c, n)).save(path))
    Image.new("1", (20000, 10000)).save(folder / CLASSES[0] / "slide.png")
    line = "has more pixels than the 178,956,970 that are read; shrink it first"
    assert describe(folder).refused(line)
