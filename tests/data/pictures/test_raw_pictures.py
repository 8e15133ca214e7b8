"""Steps on raw pictures: 16 bits and their own sizes, kept until a step changes them."""

import numpy as np
import pytest
from PIL import Image

from medjax import data
from medjax.data.pictures.picture import Picture
from medjax.errors import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """``{train,test}/{low,high}`` of 16-bit images of differing sizes, a ramp in each."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("test", 2)):
        for label, name in enumerate(("low", "high")):
            place = tmp_path / "scans" / split / name
            place.mkdir(parents=True)
            for i in range(count):
                ramp = np.linspace(1000 + 500 * label, 1200 + 500 * label, 60 + 6 * i)
                pixels = ramp.reshape(6, -1) + rng.integers(0, 3, (6, 10 + i))
                Image.fromarray(pixels.astype(np.uint16)).save(place / f"{i}.png")
    return tmp_path / "scans"


def load(folder, preparation, **options):
    wanted = data.parse_preparation(preparation)
    return data.load(f"folder:{folder}", preparation=wanted, **{"size": 8, **options})


def test_a_window_sees_sixteen_bits(folder):
    plain, windowed = load(folder, ""), load(folder, "window(center=1350, width=702)")
    assert np.ptp(plain.train.images[plain.train.images > 0]) < 50  # of 256: 702 of 4,096 values
    assert windowed.train.images.max() > 250
    assert windowed.train.images.shape == (12, 8, 8, 1)
    assert plain.preparation.listed()[0] == "depth(bits=12)"
    assert windowed.preparation.listed()[1:] == [
        "grayscale",
        "resize(size=8, keep_aspect=pad)",
        "normalize(mode=per_channel)",
    ]


def test_the_default_steps_are_recorded(folder):
    plain = load(folder, "")
    listed = plain.preparation.listed()
    assert listed[:3] == ["depth(bits=12)", "grayscale", "resize(size=8, keep_aspect=pad)"]
    again = load(folder, str(plain.preparation), size=28)
    np.testing.assert_array_equal(again.test.images, plain.test.images)


def test_recorded_channels_are_not_detected_again(folder, caplog):
    caplog.set_level("INFO", "medjax")
    load(folder, "window(1350, 700)|rgb")
    assert "all images become" not in caplog.text
    load(folder, "window(1350, 700)")
    assert "all images become grey: 12 grey and 0 colour files in train" in caplog.text


def test_a_fitted_preparation_is_recorded_and_reproduced(folder):
    fitted = load(folder, "percentile_clip(0, 100)|resize(4, stretch)|zca(mtt)", size=28)
    first, *_, last = fitted.preparation.listed()
    low, high = 1000, 1702
    bounds = data.parse_preparation(first).steps[0].bounds
    assert low <= bounds[0] < bounds[1] <= high and last == "zca(definition=mtt)"
    assert fitted.train.images.shape == (12, 4, 4, 1)
    again = load(folder, str(fitted.preparation), size=28)
    for ours, theirs in ((fitted.train, again.train), (fitted.test, again.test)):
        np.testing.assert_array_equal(ours.images, theirs.images)
    assert again.preparation == fitted.preparation


def test_the_cache_depends_on_the_steps(folder):
    wide, narrow = (load(folder, f"window(1350, {width})") for width in (700, 10))
    assert len(np.unique(narrow.train.images)) < len(np.unique(wide.train.images))
    whitened = load(folder, "window(1350, 700)|zca(mtt)")
    np.testing.assert_array_equal(wide.train.images, whitened.train.images)
    assert str(whitened.preparation).endswith("zca(definition=mtt)")


def test_without_a_window_step_pictures_use_their_own(folder):
    resized, plain = load(folder, "resize(8, stretch)"), load(folder, "")
    shown = resized.train.images.astype(int)
    assert shown.min() >= 62 and shown.max() <= 106  # 1,000–1,702 of 4,095
    assert plain.train.images.max() == shown.max()
    streamed = load(folder, "rgb", streaming=data.Streaming(above=0))
    assert isinstance(streamed.train.images, np.memmap) and streamed.train.images.shape[-1] == 3


def test_an_invalid_step_is_one_line(folder):
    with pytest.raises(UserError, match=r"^cannot read the preparation 'window\('"):
        load(folder, "window(")
    with pytest.raises(UserError, match="window takes at most 2 arguments, got 3"):
        load(folder, "window(1, 2, 3)")


def test_a_window_replaces_what_the_file_would_show():
    values = np.array([[-160, 40, 240]], np.int16)
    window = data.parse_preparation("window(40, 400)")
    curved = Picture(np.array([[0.1, 0.2, 0.3]], np.float32), 0, 1, values=values)
    assert data.prepare_picture(window, curved)[0, :, 0].tolist() == [0, 128, 255]
    turned = curved._replace(inverted=True)
    assert data.prepare_picture(window, turned)[0, :, 0].tolist() == [255, 128, 0]
    shown = data.prepare_picture(data.parse_preparation("grayscale"), turned)[0, :, 0].tolist()
    assert shown == [230, 204, 178]  # the inverted curve


def test_only_the_first_step_sees_values(folder):
    with pytest.raises(UserError, match=r"^window must be the first step for folders"):
        load(folder, "resize(16)|window(1350, 700)")


def test_bytes_stay_as_is_and_other_values_map_black_to_white():
    grey = data.parse_preparation("grayscale")
    pixels = np.array([[3, 200]], np.uint8)
    assert data.prepare_picture(grey, Picture(pixels, 0, 255))[0, :, 0].tolist() == [3, 200]
    assert data.prepare_picture(grey, Picture(pixels, 3, 200))[0, :, 0].tolist() == [0, 255]
    assert data.prepare_picture(grey, Picture(pixels, 100, 100))[0, :, 0].tolist() == [0, 255]
