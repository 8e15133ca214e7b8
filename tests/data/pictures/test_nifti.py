"""NIfTI files: slices, the way they lie, their values, and what is refused."""

import gzip
import logging
import struct

import numpy as np
import pytest

from medjax.data import (
    NiftiOptions,
    Sources,
    Unreadable,
    decode_all,
    file_source,
    load,
    parse_preparation,
    prepare_picture,
)
from medjax.data.pictures import decoding, nifti, pixel_shape
from medjax.errors import UserError

nibabel = pytest.importorskip("nibabel", reason="needs pip install -e '.[nifti]'")

RNG = np.random.default_rng(0)
VOXELS = RNG.integers(-1000, 2000, (4, 5, 6)).astype(np.int16)


@pytest.fixture(params=[".nii", ".nii.gz"])
def path(request, tmp_path):
    return tmp_path / f"a{request.param}"


def _save(path, voxels, affine=None, *, kind=nibabel.Nifti1Image, **header):
    image = kind(voxels, np.eye(4) if affine is None else affine)
    for name, value in header.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def _read(path, axis=2, slices="all"):
    return [picture.pixels for picture in nifti.read(path, NiftiOptions(axis, slices))]


# Rows and columns of a slice in terms of the patient: left to right, back to front, feet to head.
UPRIGHT = {
    0: lambda x: [x[i, ::-1, ::-1].T for i in range(4)],  # columns from front to back
    1: lambda x: [x[::-1, j, ::-1].T for j in range(5)],  # columns from right to left
    2: lambda x: [x[::-1, ::-1, k].T for k in range(6)],
}


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("axis", UPRIGHT)
def test_slices_are_upright(axis, kind, path):
    _save(path, VOXELS, kind=kind)
    expected = UPRIGHT[axis](VOXELS)
    found = _read(path, axis)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (-1, -1, -1)])
def test_the_order_in_the_file_does_not_matter(order, signs, tmp_path):
    """The same patient, stored along other axes and directions."""
    plain = _save(tmp_path / "a.nii", VOXELS)
    stored, affine = VOXELS.transpose(order), np.zeros((4, 4))
    for place, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        stored = np.flip(stored, place) if sign < 0 else stored
        affine[axis, place] = sign
        affine[axis, 3] = stored.shape[place] - 1 if sign < 0 else 0
    affine[3, 3] = 1
    other = _save(tmp_path / "b.nii.gz", np.ascontiguousarray(stored), affine)
    for axis in UPRIGHT:
        np.testing.assert_array_equal(_read(other, axis), _read(plain, axis))
        for slices in ("first", "middle", "last", "1"):
            np.testing.assert_array_equal(_read(other, axis, slices), _read(plain, axis, slices))


def test_slices_are_numbered_from_the_feet(path):
    _save(path, VOXELS)
    every = _read(path)
    for slices, place in (("first", 0), ("middle", 3), ("last", 5), ("4", 4)):
        (one,) = _read(path, 2, slices)
        np.testing.assert_array_equal(one, every[place])
    result = next(decode_all([file_source(path, "a", slices=NiftiOptions(slices="6"))]))
    assert result == Unreadable("a", "has no slice 6")


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 1), (7, 5, 1, 1)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_file_of_one_slice_is_that_slice(shape, axis, path):
    voxels = RNG.integers(0, 99, shape).astype(np.int16)
    _save(path, voxels, np.diag([-1, -1, 1, 1]))
    (found,) = _read(path, axis, "middle")
    np.testing.assert_array_equal(found, voxels.reshape(7, 5).T)
    thin = _save(path, voxels.reshape(7, 1, 5))
    assert _read(thin, axis, "middle")[0].shape == (5, 7)


def test_values_are_scaled(path):
    _save(path, VOXELS)
    content = path.read_bytes()
    raw = bytearray(gzip.decompress(content) if path.suffix == ".gz" else content)
    struct.pack_into("<ff", raw, 112, 2.5, -1024)  # scl_slope and scl_inter
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    (picture,) = nifti.read(path, NiftiOptions(slices="0"))
    expected = UPRIGHT[2](VOXELS)[0] * np.float32(2.5) - 1024
    assert picture.pixels.dtype == np.float32
    np.testing.assert_allclose(picture.pixels, expected)
    assert (picture.black, picture.white) == (expected.min(), expected.max())


@pytest.mark.parametrize("dtype", [">i2", "<u2", ">f8", "i4", "i1"])
def test_values_keep_their_units(dtype, path):
    voxels = RNG.integers(0, 100, (3, 4, 2)).astype(dtype)
    image = nibabel.Nifti1Image(voxels, np.eye(4), nibabel.Nifti1Header(endianness=dtype[0]))
    image.to_filename(path)
    for picture, expected in zip(
        nifti.read(path, NiftiOptions(slices="all")), voxels.transpose(2, 0, 1), strict=True
    ):
        np.testing.assert_array_equal(picture.pixels, expected[::-1, ::-1].T)
        assert picture.pixels.dtype.isnative
        assert (picture.black, picture.white) == (expected.min(), expected.max())


def test_bytes_are_shown_as_they_are(path):
    voxels = RNG.integers(50, 100, (3, 4, 2)).astype(np.uint8)
    (picture,) = nifti.read(_save(path, voxels), NiftiOptions())
    assert (picture.black, picture.white) == (0, 255)
    np.testing.assert_array_equal(picture.shown(), voxels[::-1, ::-1, 1].T)


def test_nan_is_padding_and_infinity_is_refused(path):
    voxels = RNG.normal(100, 10, (3, 4, 1)).astype(np.float32)
    voxels[0, 0] = np.nan
    (picture,) = nifti.read(_save(path, voxels), NiftiOptions())
    assert picture.padding.sum() == 1 and picture.padding[-1, -1]
    assert (picture.black, picture.white) == (np.nanmin(voxels), np.nanmax(voxels))
    voxels[1, 1] = np.inf
    result = next(decode_all([file_source(_save(path, voxels), "a")]))
    assert result.reason == "holds pixels that are not finite"


REFUSED = {
    "series": (np.zeros((3, 4, 5, 2), np.int16), "has 4 dimensions; needs one volume of 3, of"),
    "line": (np.zeros(9, np.int16), "holds no slice"),
    "complex": (np.zeros((3, 4, 5), np.complex64), "holds colours or complex numbers"),
    "colours": (
        np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")]),
        "holds colours or complex numbers",
    ),
}


@pytest.mark.parametrize(("voxels", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_volume_of_numbers(voxels, reason, path):
    result = next(decode_all([file_source(_save(path, voxels), "a")]))
    assert result.reason.startswith(reason)


def test_what_does_not_say_how_it_lies(path):
    header = nibabel.Nifti1Header()
    header["sform_code"], header["srow_x"], header["srow_y"] = 1, [1, 0, 0, 0], [0, 1, 0, 0]
    nibabel.Nifti1Image(VOXELS, None, header).to_filename(path)
    result = next(decode_all([file_source(path, "a")]))
    assert result.reason == "has an affine that does not say where the patient's right is"


def test_damaged_files_have_a_reason_that_quotes_nothing(path, caplog, capfd):
    _save(path, VOXELS, descrip=b"DOE^JANE", db_name=b"ID77")
    whole = path.read_bytes()
    raw = gzip.decompress(whole) if path.suffix == ".gz" else whole
    pack = gzip.compress if path.suffix == ".gz" else bytes
    odd = bytearray(raw)
    odd[70:72] = b"\xff\x7f"  # the type of the voxels
    longer = bytearray(raw)
    longer[42:44] = b"\x00\x7f"
    for content in (whole[:-20], raw[:200], pack(odd), pack(longer), b"DOE^JANE" * 99, b""):
        path.write_bytes(content)
        result = next(decode_all([file_source(path, "a")]))
        assert isinstance(result, Unreadable) and "DOE" not in result.reason
        assert "\n" not in result.reason
    assert "DOE" not in caplog.text and capfd.readouterr().err == ""


def test_what_nibabel_remarks_is_not_heard(path, caplog):
    _save(path, VOXELS, pixdim=np.zeros(8))
    with caplog.at_level(logging.DEBUG):
        (picture,) = next(decode_all([file_source(path, "a")]))
    assert picture.pixels.shape == (5, 4) and not caplog.records


def test_a_missing_file_and_a_missing_package(path, monkeypatch):
    assert next(decode_all([file_source(path, "a")])).reason == "No such file or directory"
    monkeypatch.setitem(__import__("sys").modules, "nibabel", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[nifti\]'"):
        list(decode_all([file_source(path, "a")]))


def test_options_that_are_none():
    with pytest.raises(UserError, match="unknown nifti axis 3; choose from: 0, 1, 2"):
        nifti.check(NiftiOptions(axis=3))
    with pytest.raises(UserError, match="unknown nifti slices 'second'; choose from: first, mid"):
        nifti.check(NiftiOptions(slices="second"))


@pytest.mark.parametrize("name", ["a.nii", "A.NII.GZ", "b.c.nii.gz"])
def test_files_are_known_by_their_suffix(name, tmp_path):
    assert decoding.is_picture(tmp_path / name)
    assert not decoding.is_picture(tmp_path / "a.tar.gz")


def test_slices_of_a_file_share_label_and_split(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    for label, name in enumerate(("low", "high")):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for number in range(6):
            voxels = np.full((8, 8, 3), 100 * label + 10 * number, np.uint8)
            _save(tmp_path / "scans" / name / f"{number}.nii.gz", voxels)
    sources = Sources(nifti=NiftiOptions(slices="all"))
    ds = load(f"folder:{tmp_path / 'scans'}", size=8, sources=sources)
    assert sum(len(split) for split in ds.splits.values()) == 36
    seen = {}
    for name, split in ds.splits.items():
        for value, label in zip(split.images[:, 0, 0, 0].tolist(), split.labels, strict=True):
            assert label == (value < 100)
            assert seen.setdefault(value, name) == name
    assert len(seen) == 12


def test_a_slice_that_spans_sixteen_bits_is_not_scaled_by_the_depth_of_a_set(path):
    voxels = np.array([[0, 1000], [30000, 65535]], np.uint16)
    (picture,) = nifti.read(_save(path, voxels[..., None]), NiftiOptions())
    assert (picture.black, picture.white) == (0, 65535)
    steps = parse_preparation("depth(12)|grayscale")
    assert sorted(prepare_picture(steps, picture).ravel().tolist()) == [0, 4, 117, 255]


# The shape of a slice of 4×5×6 voxels of 3×0.5×1 mm: columns and rows in units of the shorter side.
SQUARE = {0: (12, 5), 1: (6, 12), 2: (5, 24)}


@pytest.mark.parametrize("axis", SQUARE)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_slices_of_unequal_voxels_have_square_pixels(order, axis, path):
    affine = np.diag([3, 0.5, 1, 1])[:, [*order, 3]]  # the same volume, stored in another order
    affine[:, 1] *= -1
    _save(path, VOXELS.transpose(order), affine)
    for picture in nifti.read(path, NiftiOptions(axis, "all")):
        assert picture.shown().shape == SQUARE[axis]
        assert picture.pixels.shape == UPRIGHT[axis](VOXELS)[0].shape  # window sees those


def test_a_volume_of_thick_slices_is_loaded_in_its_proportions(tmp_path, caplog):
    voxels = np.full((16, 24, 4), 200, np.uint8)  # 0.5×0.5×3 mm: 8×12×12 mm
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(6):
            voxels[number, :, :] = number
            _save(tmp_path / name / f"{number}.nii", voxels, np.diag([0.5, 0.5, 3, 1]))
    sources = Sources(nifti=NiftiOptions(axis=1))
    images = load(f"folder:{tmp_path}", size=24, sources=sources).train.images[..., 0]
    content = np.mean((images > 6), axis=0) > 0  # 8 mm of 12 mm wide, all of it high
    rows, columns = np.flatnonzero(content.any(1)), np.flatnonzero(content.any(0))
    assert np.ptp(rows) == 23 and 8 <= np.ptp(columns) <= 16
    for file in tmp_path.rglob("*.nii"):
        _save(file, nibabel.load(file).get_fdata().astype(np.uint8), np.diag([0.1, 0.1, 30, 1]))
    caplog.clear()
    load(f"folder:{tmp_path}", size=24, sources=sources)
    assert any(f"12 images {pixel_shape.TOO_LONG}" in line for line in caplog.messages)
