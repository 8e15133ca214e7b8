"""DICOM files: values, windows, colours, frames, and what is never read."""

import csv
import zipfile

import numpy as np
import pytest

from medjax.data import (
    DicomOptions,
    Source,
    Unreadable,
    decode_all,
    file_source,
    load,
    parse_preparation,
    prepare_picture,
)
from medjax.data.pictures import decoding, dicom, raw_pictures
from medjax.data.prepare import windowing
from medjax.errors import UserError

pydicom = pytest.importorskip("pydicom", reason="needs pip install -e '.[dicom]'")

RNG = np.random.default_rng(0)
pytestmark = pytest.mark.filterwarnings("ignore")  # of pydicom, on the odd files made here


def _one(path, **options):
    (picture,) = dicom.read(path, DicomOptions(**options))
    return picture


STORED = RNG.integers(0, 2000, (6, 5)).astype(np.int16)


def test_values_are_rescaled_and_the_first_window_sets_black_and_white(write_dicom, tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        STORED,
        RescaleSlope=2,
        RescaleIntercept=-1024,
        WindowCenter=[40, 500],
        WindowWidth=[401, 2000],
    )
    picture = _one(path)
    np.testing.assert_array_equal(picture.pixels, (STORED * 2.0 - 1024).astype(np.float32))
    assert (picture.black, picture.white) == (40 - 0.5 - 200, 40 - 0.5 + 200)


def test_without_a_window_the_values_span_their_own_range(write_dicom, tmp_path):
    stored = STORED.copy()
    stored[0, 0] = -2000
    picture = _one(write_dicom(tmp_path / "a.dcm", stored))
    assert picture.pixels.dtype == np.int16 and picture.black == -2000
    picture = _one(write_dicom(tmp_path / "b.dcm", stored, PixelPaddingValue=-2000))
    assert picture.black == np.sort(stored.ravel())[1] and picture.white == stored.max()


RESCALED = {"RescaleSlope": 1, "RescaleIntercept": 2000}
PADDED = {
    "one value": ({"PixelPaddingValue": -2000}, [-2000]),
    "a range": ({"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1990}, [-2000, -1995]),
    "from above": ({"PixelPaddingValue": -1990, "PixelPaddingRangeLimit": -2000}, [-1990, -2000]),
}


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize(("tags", "border"), PADDED.values(), ids=PADDED)
def test_padding_is_black_and_has_no_say(write_dicom, tags, border, photometric, tmp_path):
    body = STORED + np.int16(1)  # so that black is not the value of padding, rescaled
    stored = np.resize(np.array(border, np.int16), (10, 9))
    stored[2:8, 2:7] = body
    tags = {"PhotometricInterpretation": photometric, **RESCALED, **tags}
    picture = _one(write_dicom(tmp_path / "a.dcm", stored, **tags))
    np.testing.assert_array_equal(picture.padding, np.isin(stored, border))
    np.testing.assert_array_equal(picture.inside()[:, 0], body.ravel() + 2000.0)
    alone = _one(write_dicom(tmp_path / "b.dcm", body, **tags))
    steps = ["grayscale", "percentile_clip(5, 95, image)", "window(3000, 1500)"]
    for text in steps:
        got, expected = (prepare_picture(parse_preparation(text), p) for p in (picture, alone))
        np.testing.assert_array_equal(got[2:8, 2:7], expected)
        assert not got[picture.padding].any() and np.ptp(expected) > 200
    fitted = []
    for name in ("a.dcm", "b.dcm"):
        unfitted = parse_preparation("percentile_clip(5, 95)")
        fitted.append(
            str(raw_pictures.fit(unfitted, [file_source(tmp_path / name, name)], threads=1))
        )
    assert fitted[0] == fitted[1]


def test_a_picture_that_is_all_padding_is_black(write_dicom, tmp_path):
    empty = write_dicom(tmp_path / "a.dcm", np.full((4, 4), 7, np.int16), PixelPaddingValue=7)
    steps = ("grayscale", "percentile_clip(5, 95, image)", "percentile_clip(bounds=(0, 9))")
    for text in steps:
        assert not prepare_picture(parse_preparation(text), _one(empty)).any()
    full = write_dicom(tmp_path / "b.dcm", STORED, PixelPaddingValue=-7)
    files = [file_source(path, path.name) for path in (empty, full)]
    fitted = raw_pictures.fit(parse_preparation("percentile_clip(0, 100)"), files, threads=1)
    assert fitted.steps[0].bounds == (STORED.min(), STORED.max())
    with pytest.raises(UserError, match="no training image has pixels to find percentiles of"):
        raw_pictures.fit(parse_preparation("percentile_clip"), files[:1], threads=1)


def test_monochrome1_is_inverted(write_dicom, tmp_path):
    tags = {"WindowCenter": 1000, "WindowWidth": 900}
    plain = _one(write_dicom(tmp_path / "a.dcm", STORED, **tags)).shown()
    negative = {**tags, "PhotometricInterpretation": "MONOCHROME1"}
    turned = _one(write_dicom(tmp_path / "b.dcm", STORED, **negative)).shown()
    np.testing.assert_allclose(turned, 1 - plain, atol=1e-6)


def test_a_window_of_the_list_goes_with_the_images(write_dicom, tmp_path, monkeypatch):
    """Files at the receiver's, of other windows, are seen as those of the sender were."""
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    for number, place in enumerate(("train/a", "train/b", "test/a", "test/b")):
        for site, width in (("ours", 50), ("theirs", 3000)):
            (tmp_path / site / place).mkdir(parents=True)
            tags = {"WindowCenter": 10 * number, "WindowWidth": width}
            write_dicom(tmp_path / site / place / "1.dcm", STORED + np.int16(number), **tags)
    wanted = parse_preparation("window(1000, 700)")
    ours = load(f"folder:{tmp_path / 'ours'}", preparation=wanted, size=8)
    steps = "window(center=1000, width=700)|grayscale|resize(size=8"
    assert str(ours.preparation).startswith(steps)
    theirs = load(f"folder:{tmp_path / 'theirs'}", preparation=ours.preparation)
    np.testing.assert_array_equal(ours.test.images, theirs.test.images)


def test_colours(write_dicom, tmp_path):
    rgb = RNG.integers(0, 256, (4, 6, 3), np.uint8)
    path = write_dicom(tmp_path / "a.dcm", rgb)
    picture = _one(path)
    assert dicom.channels(path) == 3 and (picture.black, picture.white) == (0, 255)
    np.testing.assert_array_equal(picture.pixels, rgb)
    ybr = write_dicom(tmp_path / "b.dcm", rgb, PhotometricInterpretation="YBR_FULL")
    full = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
    expected = np.clip((rgb - np.array([0.0, 128, 128])) @ full.T, 0, 255)
    assert np.abs(_one(ybr).pixels - expected).max() < 1.5
    with pytest.raises(ValueError, match="has colours other than"):
        _one(write_dicom(tmp_path / "c.dcm", rgb, PhotometricInterpretation="HSV"))


def test_frames_are_picked_or_expanded(write_dicom, tmp_path):
    frames = RNG.integers(0, 999, (5, 4, 4)).astype(np.uint16)
    path = write_dicom(tmp_path / "a.dcm", frames)
    for name, expected in (("first", 0), ("middle", 2), ("last", 4), ("3", 3)):
        np.testing.assert_array_equal(_one(path, frames=name).pixels, frames[expected])
    pictures = dicom.read(path, DicomOptions(frames="all"))
    np.testing.assert_array_equal([p.pixels for p in pictures], frames)
    with pytest.raises(ValueError, match="has no frame 5"):
        dicom.read(path, DicomOptions(frames="5"))


@pytest.mark.parametrize("frames", ["first", "middle", "last", "all", "3"])
def test_fewer_frames_than_one_are_unreadable(write_dicom, frames, tmp_path):
    path = write_dicom(tmp_path / "a.dcm", STORED, NumberOfFrames=-5)
    source = file_source(path, path.name, options=DicomOptions(frames=frames))
    (result,) = decode_all([source])
    assert result == Unreadable("a.dcm", "has fewer than one frame by its header")


def test_a_frame_has_the_transform_of_its_own(write_dicom, tmp_path):
    from pydicom.dataset import Dataset

    def group(slope, centre=None):
        rescale, item = Dataset(), Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, 0
        item.PixelValueTransformationSequence = [rescale]
        if centre:
            window = Dataset()
            window.WindowCenter, window.WindowWidth = centre, 11
            item.FrameVOILUTSequence = [window]
        return item

    frames = np.ones((2, 4, 4), np.uint16)
    groups = {
        "SharedFunctionalGroupsSequence": [group(10, 50)],
        "PerFrameFunctionalGroupsSequence": [group(2), Dataset()],
    }
    path = write_dicom(tmp_path / "a.dcm", frames, **groups)
    first, second = dicom.read(path, DicomOptions(frames="all"))
    assert (first.pixels == 2).all() and (second.pixels == 10).all()
    assert first.black == second.black == 44.5


def test_frames_that_are_none():
    with pytest.raises(UserError, match="unknown dicom frames 'second'; choose from: first, mid"):
        dicom.check(DicomOptions(frames="second"))


SECRET = "DOE^JANE"
MISPLACED = {
    "NumberOfFrames": "12345678",
    "WindowCenter": "12345678",
    "RescaleSlope": "12345678",
    "PhotometricInterpretation": "12345678",
}


@pytest.mark.parametrize("tag", MISPLACED)
@pytest.mark.parametrize("frames", ["middle", "all"])
def test_no_reason_quotes_what_stands_in_a_header(write_dicom, tag, frames, tmp_path, caplog):
    tags = {"WindowCenter": 40, "WindowWidth": 400, "RescaleIntercept": 0, "RescaleSlope": 1}
    path = write_dicom(tmp_path / "a.dcm", STORED, **{**tags, tag: MISPLACED[tag]})
    content = path.read_bytes()
    assert content.count(b"12345678") == 1
    path.write_bytes(content.replace(b"12345678", SECRET.encode()))
    source = file_source(path, path.name, options=DicomOptions(frames=frames))
    (result,) = decode_all([source])
    assert isinstance(result, Unreadable) and "DOE" not in result.reason + caplog.text
    with pytest.raises(UserError) as caught:
        decoding.refuse([result], total=1, setting="it")
    assert "DOE" not in str(caught.value) + caplog.text


def _reason(path, content):
    path.write_bytes(content)
    (result,) = decode_all([file_source(path, path.name)])
    return result.reason


def test_reasons_are_of_use(write_dicom, tmp_path, monkeypatch):
    from pydicom.pixels import get_decoder
    from pydicom.uid import ExplicitVRLittleEndian

    path = write_dicom(tmp_path / "a.dcm", STORED)
    whole = path.read_bytes()
    assert _reason(path, whole[:-20]) == "holds fewer bytes of pixels than its header says"
    syntax = ExplicitVRLittleEndian.encode() + b"\0"
    assert whole.count(syntax) == 1
    unknown = whole.replace(syntax, b"1.2.840.10008.1.2.99")
    assert _reason(path, unknown) == "is compressed in a way that pydicom does not know"
    decoder = type(get_decoder(ExplicitVRLittleEndian))
    monkeypatch.setattr(decoder, "is_available", property(lambda self: False))
    assert _reason(path, whole) == (
        "is stored as Explicit VR Little Endian, which no installed package decodes: "
        "pip install -e '.[dicom]'"
    )


def test_a_source_without_pictures_is_unreadable():
    (result,) = decode_all([Source("a", lambda: 1, lambda: [])])
    assert result == Unreadable("a", "holds no pictures")


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[dicom\]'"):
        list(decode_all([file_source(tmp_path / "a.dcm", "a.dcm")]))


def test_nothing_identifying_is_parsed(write_dicom, tmp_path, monkeypatch):
    secret = "DOE^JANE"
    path = write_dicom(
        tmp_path / "a.dcm", STORED, PatientName=secret, PatientID="ID77", InstitutionName="Ward 9"
    )
    assert secret.encode() in path.read_bytes()
    parsed = []
    true = pydicom.dcmread
    monkeypatch.setattr(
        pydicom, "dcmread", lambda *args, **how: parsed.append(true(*args, **how)) or parsed[-1]
    )
    dicom.channels(path)
    _one(path)
    for dataset in parsed:
        kept = {element.keyword for element in dataset}
        assert "PixelRepresentation" in kept and not {
            x for x in kept if "Patient" in x or "Inst" in x
        }
        assert not any(s in str(dataset) for s in (secret, "ID77", "Ward 9"))


@pytest.fixture(scope="module")
def samples(real_data_root, tmp_path_factory):
    """The folder of the 68 samples, with what the manifest says of each."""
    archive = real_data_root / "dicom_samples.zip"
    if not archive.exists():
        pytest.skip(f"needs {archive}")
    folder = tmp_path_factory.mktemp("dicom")
    zipfile.ZipFile(archive).extractall(folder)
    with open(folder / "dicom_samples" / "MANIFEST.tsv") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return folder / "dicom_samples", [row["path"] for row in rows]


UNREADABLE = {
    "MR_truncated.dcm": "holds fewer bytes of pixels than its header says",
    "no_meta.dcm": "is no DICOM file: it has no 'DICM' after 128 bytes",
    "rtplan.dcm": "holds no pixels",
    "reportsi.dcm": "holds no pixels",
    "JPEG-lossy.dcm": "cannot be decoded (RuntimeError)",
}


def test_every_sample_is_what_pydicom_gives_or_has_its_reason(samples):
    folder, names = samples
    assert len(names) == 68
    files = [file_source(folder / n, n, options=DicomOptions(frames="all")) for n in names]
    seen = set()
    for name, result in zip(names, decode_all(files), strict=True):
        short = name.split("/")[-1]
        if hasattr(result, "reason"):
            assert result.reason == UNREADABLE[short]
            seen.add(short)
        else:
            _check_against_pydicom(folder / name, result)
    assert seen == set(UNREADABLE)


def _check_against_pydicom(path, pictures):
    """Against whole-file decoding and pydicom's own rendering, which windows in another way."""
    from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

    dataset = pydicom.dcmread(path)
    frames = dataset.pixel_array
    frames = frames if int(dataset.get("NumberOfFrames") or 1) > 1 else frames[None]
    assert len(frames) == len(pictures)
    photometric = dataset.PhotometricInterpretation
    for number, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
        if photometric == "PALETTE COLOR":
            np.testing.assert_array_equal(picture.pixels, apply_color_lut(frame, dataset)[..., :3])
        elif frame.ndim == 3:
            np.testing.assert_array_equal(picture.pixels, frame)
        elif "SharedFunctionalGroupsSequence" in dataset:
            # pydicom's windowing knows nothing of these; a test above does.
            groups = dataset.PerFrameFunctionalGroupsSequence[number]
            groups.update(dataset.SharedFunctionalGroupsSequence[0])
            (transform,) = groups.get("PixelValueTransformationSequence", [dataset])
            np.testing.assert_array_equal(picture.pixels, apply_modality_lut(frame, transform))
        else:
            values = apply_modality_lut(frame, dataset)
            shown = apply_voi_lut(values, dataset).astype(float)
            if "WindowCenter" in dataset or "VOILUTSequence" in dataset:
                full = (
                    [apply_voi_lut(np.array([[x]]), dataset).item() for x in (-1e9, 1e9)]
                    if ("WindowCenter" in dataset)
                    else (0, 2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1)
                )
            else:
                full = values.min(), values.max()
            expected = (shown - full[0]) / (full[1] - full[0])
            expected = 1 - expected if photometric == "MONOCHROME1" else expected
            found = windowing.in_pixel_units(picture._replace(aspect=1).shown())
            np.testing.assert_allclose(found, expected, atol=2e-6, err_msg=str(path))
