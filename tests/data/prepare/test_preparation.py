"""Lists of steps: fitted to train alone, applied, and images that are refused."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data import Split, parse_preparation
from medjax.data.prepare.channels import Grayscale
from medjax.data.prepare.windowing import PercentileClip, Window
from medjax.errors import UserError

RNG = np.random.default_rng(0)
INFO = data.load("phantom").info
RAW = [RNG.integers(0, 3000, (h, w)).astype(np.uint16) for h, w in ((9, 7), (8, 8), (5, 12))]


def split_of(images):
    return Split(images, np.arange(len(images), dtype=np.int32) % 2)


def test_steps_are_applied_in_order():
    image = RNG.integers(0, 256, (1, 16, 16, 3), np.uint8)
    first, then = Grayscale(), PercentileClip(5, 95, "image")
    for order, (a, b) in {
        "grayscale|percentile_clip(5, 95, image)": (first, then),
        "percentile_clip(5, 95, image)|grayscale": (then, first),
    }.items():
        expected = np.rint(b(a(image[0])) * 255)
        np.testing.assert_array_equal(parse_preparation(order).apply(image)[0], expected)


def test_raw_images_of_any_size_become_bytes():
    preparation = parse_preparation("percentile_clip|resize(8)|rgb")
    for images in (RAW, [image[..., None] for image in RAW]):
        prepared = preparation.fit(images).apply(images)
        assert prepared.shape == (3, 8, 8, 3) and prepared.dtype == np.uint8
        assert prepared.max() == 255
    stack = RNG.random((2, 6, 6)).astype(np.float32)
    np.testing.assert_array_equal(
        parse_preparation("").apply(stack), np.rint(stack * 255).astype(np.uint8)[..., None]
    )
    done = RNG.integers(0, 256, (2, 6, 6, 1), np.uint8)
    assert parse_preparation("").apply(done) is done


def test_a_step_is_fitted_after_the_steps_before_it():
    fitted = parse_preparation("window(1000, 2000)|percentile_clip(0, 50)").fit(RAW)
    seen = np.concatenate([Window(1000, 2000)(image).ravel() for image in RAW])
    np.testing.assert_allclose(fitted.steps[1].bounds, np.percentile(seen, (0, 50)))
    assert fitted.fit([image + np.uint16(500) for image in RAW]) == fitted
    with pytest.raises(
        UserError, match=r"of image 0: percentile_clip\(over=train\) has not been f"
    ):
        parse_preparation("percentile_clip").apply(RAW)


def test_a_data_set_is_fitted_on_train_alone():
    brighter = [image * np.uint16(5) for image in RAW]
    splits = {"train": split_of(RAW), "val": split_of(RAW[:1]), "test": split_of(brighter)}
    text = "percentile_clip(0, 100)|resize(8)"
    ds = data.apply_preparation(INFO, splits, preparation=parse_preparation(text))
    fitted = parse_preparation(str(ds.preparation))
    pixels = np.concatenate([image.ravel() for image in RAW])
    assert fitted.steps[0].bounds == (pixels.min(), pixels.max())
    np.testing.assert_array_equal(ds.test.images, fitted.apply(brighter))
    np.testing.assert_array_equal(ds.val.images, ds.train.images[:1])
    mean, std = data.channel_stats(ds.train.images)
    np.testing.assert_array_equal((ds.mean, ds.std), (mean, std))
    again = data.apply_preparation(INFO, splits | {"train": split_of(brighter)}, preparation=fitted)
    np.testing.assert_array_equal(again.test.images, ds.test.images)
    assert again.preparation == ds.preparation


def test_fixed_statistics_replace_those_of_the_training_split():
    splits = {
        name: split_of([image.astype(np.uint8) for image in RAW]) for name in ("train", "test")
    }
    text = "resize(8)|rgb|normalize(fixed, mean={}, std={})"
    ds = data.apply_preparation(
        INFO,
        splits,
        preparation=parse_preparation(text.format("(0.1, 0.2, 0.3)", "(1, 2, 3)")),
    )
    np.testing.assert_array_equal(ds.mean, np.float32([0.1, 0.2, 0.3]))
    np.testing.assert_array_equal(ds.std, np.float32([1, 2, 3]))
    ds = data.apply_preparation(INFO, splits, preparation=parse_preparation(text.format(0.5, 0.25)))
    np.testing.assert_array_equal(ds.mean, np.float32([0.5] * 3))
    two = parse_preparation(text.format("(1, 2)", "(1, 2)"))
    with pytest.raises(UserError, match="normalize has 2 means, the images 3 channels"):
        data.apply_preparation(INFO, splits, preparation=two)


@pytest.mark.parametrize(
    ("images", "text", "message"),
    [
        (
            RAW,
            "window(1000, 2000)",
            r"image 1 is \[8, 8, 1\] when prepared, but the first is \[9",
        ),
        (
            RAW,
            "resize(8)",
            r"image 0 when prepared: uint16 values in .* put window\(center, wid",
        ),
        ([np.zeros((2, 2, 4), np.uint8)], "", r"images have 4 channels when prepared, not 1 or 3"),
        ([np.zeros((2, 2, 4), np.uint8)], "rgb", r"rgb of image 0: rgb takes 1 or 3 channels"),
        ([], "rgb", r"there are no images to prepare"),
        ([np.zeros(3)], "rgb", r"image 0 must be \[h, w\] or \[h, w, c\], got \(3,\)"),
        ([np.ones((2, 2))], "percentile_clip", r"percentile_clip: 0\.5–99\.5 % of the training p"),
    ],
)
def test_images_that_do_not_fit(images, text, message):
    preparation = parse_preparation(text)
    with pytest.raises(UserError, match=message) as caught:
        preparation.fit(images).apply(images)
    assert "\n" not in str(caught.value)


def test_load_prepares_images_in_memory_only(striped, tmp_path):
    raw = data.load(striped / "set.npz")
    wanted = parse_preparation("percentile_clip|resize(16)|rgb")
    ds = data.load(striped / "set.npz", preparation=wanted)
    assert ds.train.images.shape == (40, 16, 16, 3) and "bounds=(" in str(ds.preparation)
    assert str(raw.preparation) == "normalize(mode=per_channel)"
    info, splits = data.read(striped / "set.npz")
    assert info == ds.info
    np.testing.assert_array_equal(splits["test"].images, raw.test.images)
    streaming = data.Streaming(above=0, cache=tmp_path)
    streamed = data.load(striped / "set.npz", streaming=streaming)
    assert isinstance(streamed.train.images, np.memmap)
    wanted = parse_preparation("resize(16)|rgb")
    with pytest.raises(UserError, match=r"^resize, rgb needs images in memory; raise data\.str"):
        data.load(striped / "set.npz", streaming=streaming, preparation=wanted)


def test_whitening_is_the_last_step_and_keeps_the_record(striped):
    ds = data.load(striped / "set.npz", preparation=parse_preparation("resize(4)|zca(frepo)"))
    preparation = ds.preparation
    assert preparation.zca == "frepo" and parse_preparation("").zca == "none"
    whitened, fitted = data.whiten(ds, zca=preparation.zca)
    assert fitted.zca == "frepo" and whitened.preparation == ds.preparation
    assert dataclasses.asdict(preparation.last) == {"definition": "frepo"}
