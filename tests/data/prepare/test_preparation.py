"""Lists of steps: read and written, fitted to train alone, applied, and what is refused."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data import Split, parse_preparation
from medjax.data.prepare import steps
from medjax.errors import UserError

RNG = np.random.default_rng(0)
INFO = data.load("phantom").info
NATIVE = [RNG.integers(0, 3000, (h, w)).astype(np.uint16) for h, w in ((9, 7), (8, 8), (5, 12))]


def split_of(images):
    return Split(images, np.arange(len(images), dtype=np.int32) % 2)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("", ["normalize(mode=per_channel)"]),
        ("  rgb ", ["rgb", "normalize(mode=per_channel)"]),
        ("clahe|zca(mtt)", ["clahe(clip_limit=0.01)", "zca(definition=mtt)"]),
        (
            "window(-40.5,width=4e2) | resize(64)",
            [
                "window(center=-40.5, width=400.0)",
                "resize(size=64, keep_aspect=pad)",
                "normalize(mode=per_channel)",
            ],
        ),
        (
            "percentile_clip(over='image')|grayscale()|normalize(fixed, mean=0.5, std=(0.1, 1, 2))",
            None,
        ),
        (
            "percentile_clip(1, 99, bounds=(0.1, 7))|normalize(fixed, mean=0.5, std=0.25)",
            [
                "percentile_clip(low=1, high=99, over=train, bounds=(0.1, 7.0))",
                "normalize(mode=fixed, mean=(0.5,), std=(0.25,))",
            ],
        ),
    ],
)
def test_what_is_written_is_read_as_the_same(text, listed):
    if listed is None:
        with pytest.raises(UserError, match="as many of each"):
            parse_preparation(text)
        return
    preparation = parse_preparation(text)
    assert preparation.listed() == listed
    assert parse_preparation(str(preparation)) == preparation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windw(1,2)", r"unknown step 'windw' \(did you mean 'window'\?\); choose from: resize, w"),
        ("window(1)", r"^window needs width, as in window\(width=…\)"),
        ("window", r"^window needs center and width"),
        ("window(1, 2, 3)", r"window takes at most 2 arguments, got 3"),
        ("window(1, centre=2)", r"unknown argument of window 'centre' \(did you mean 'center'"),
        ("window(1, center=2)", r"window is given center twice"),
        ("window(1, 0)", r"window needs a width above 0, got 0 at 1"),
        ("window(low, 2)", r"window: center takes float values, got 'low'"),
        ("resize(2.5)", r"resize: size takes int values, got 2\.5"),
        ("resize(True)", r"resize: size takes int values, got True"),
        ("resize(0)", r"resize needs a size of at least 1"),
        ("resize(8, fill)", r"unknown keep_aspect of resize 'fill'; choose from: pad, crop, str"),
        ("percentile_clip(9, 9)", r"percentile_clip needs 0 ≤ low < high ≤ 100"),
        ("percentile_clip(over=all)", r"unknown over of percentile_clip 'all'"),
        ("percentile_clip(bounds=(1, 1))", r"needs bounds=\(least, greatest\)"),
        ("clahe(0)", r"clahe needs 0 < clip_limit ≤ 1"),
        ("zca", r"zca needs definition"),
        ("zca(none)", r"unknown zca 'none'; choose from: mtt, frepo, ddranking"),
        ("zca(mtt)|rgb", r"zca is the last step of a preparation"),
        ("normalize|zca(mtt)", r"normalize is the last step"),
        ("normalize(mean=0.5, std=1)", r"normalize takes mean and std, as many of each"),
        ("normalize(fixed, mean=0.5, std=0)", r"normalize needs a std above 0"),
        ("normalize(fixd)", r"unknown mode of normalize 'fixd' \(did you mean 'fixed'"),
        ("rgb||clahe", r"cannot read the preparation 'rgb\|\|clahe'"),
        ("rgb+clahe", r"cannot read the preparation"),
        ("rgb(__import__('os'))", r"rgb takes at most 0"),
        ("resize(f())", r"cannot read the preparation"),
        ("resize(*[1])", r"cannot read the preparation"),
        ("resize(**{})", r"unknown argument of resize None"),
    ],
)
def test_mistakes_are_one_line(text, message):
    with pytest.raises(UserError, match=message) as caught:
        parse_preparation(text)
    assert "\n" not in str(caught.value)


def test_steps_are_done_in_order():
    image = RNG.integers(0, 256, (1, 16, 16, 3), np.uint8)
    first, then = steps.Grayscale(), steps.PercentileClip(5, 95, "image")
    for order, (a, b) in {
        "grayscale|percentile_clip(5, 95, image)": (first, then),
        "percentile_clip(5, 95, image)|grayscale": (then, first),
    }.items():
        expected = np.rint(b(a(image[0])) * 255)
        np.testing.assert_array_equal(parse_preparation(order).apply(image)[0], expected)


def test_native_images_of_any_size_become_bytes():
    preparation = parse_preparation("percentile_clip|resize(8)|rgb")
    for images in (NATIVE, [image[..., None] for image in NATIVE]):
        prepared = preparation.fit(images).apply(images)
        assert prepared.shape == (3, 8, 8, 3) and prepared.dtype == np.uint8
        assert prepared.max() == 255
    stack = RNG.random((2, 6, 6)).astype(np.float32)
    np.testing.assert_array_equal(
        parse_preparation("").apply(stack), np.rint(stack * 255).astype(np.uint8)[..., None]
    )
    done = RNG.integers(0, 256, (2, 6, 6, 1), np.uint8)
    assert parse_preparation("").apply(done) is done


def test_a_step_is_fitted_to_what_the_steps_before_it_leave():
    fitted = parse_preparation("window(1000, 2000)|percentile_clip(0, 50)").fit(NATIVE)
    seen = np.concatenate([steps.Window(1000, 2000)(image).ravel() for image in NATIVE])
    np.testing.assert_allclose(fitted.steps[1].bounds, np.percentile(seen, (0, 50)))
    assert fitted.fit([image + np.uint16(500) for image in NATIVE]) == fitted
    with pytest.raises(
        UserError, match=r"of image 0: percentile_clip\(over=train\) has not been f"
    ):
        parse_preparation("percentile_clip").apply(NATIVE)


def test_a_data_set_is_fitted_on_train_alone():
    brighter = [image * np.uint16(5) for image in NATIVE]
    splits = {"train": split_of(NATIVE), "val": split_of(NATIVE[:1]), "test": split_of(brighter)}
    text = "percentile_clip(0, 100)|resize(8)"
    ds = data.apply_preparation(INFO, splits, preparation=parse_preparation(text))
    fitted = parse_preparation(ds.preparation)
    pixels = np.concatenate([image.ravel() for image in NATIVE])
    assert fitted.steps[0].bounds == (pixels.min(), pixels.max())
    np.testing.assert_array_equal(ds.test.images, fitted.apply(brighter))
    np.testing.assert_array_equal(ds.val.images, ds.train.images[:1])
    mean, std = data.channel_stats(ds.train.images)
    np.testing.assert_array_equal((ds.mean, ds.std), (mean, std))
    again = data.apply_preparation(INFO, splits | {"train": split_of(brighter)}, preparation=fitted)
    np.testing.assert_array_equal(again.test.images, ds.test.images)
    assert again.preparation == ds.preparation


def test_fixed_statistics_take_the_place_of_the_training_splits():
    splits = {
        name: split_of([image.astype(np.uint8) for image in NATIVE]) for name in ("train", "test")
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
            NATIVE,
            "window(1000, 2000)",
            r"image 1 is \[8, 8, 1\] when prepared, but the first is \[9",
        ),
        (
            NATIVE,
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


def test_load_prepares_and_images_on_disk_cannot_be(striped, tmp_path):
    raw = data.load(striped / "set.npz")
    ds = data.load(striped / "set.npz", preparation="percentile_clip|resize(16)|rgb")
    assert ds.train.images.shape == (40, 16, 16, 3) and "bounds=(" in ds.preparation
    assert raw.preparation == "normalize(mode=per_channel)"
    info, splits = data.read(striped / "set.npz")
    assert info == ds.info
    np.testing.assert_array_equal(splits["test"].images, raw.test.images)
    streaming = data.Streaming(above=0, cache=tmp_path)
    streamed = data.load(striped / "set.npz", streaming=streaming)
    assert isinstance(streamed.train.images, np.memmap)
    with pytest.raises(UserError, match=r"^resize, rgb: needs images in memory: raise data\.str"):
        data.load(striped / "set.npz", streaming=streaming, preparation="resize(16)|rgb")


def test_whitening_is_the_last_step_and_keeps_the_record(striped):
    ds = data.load(striped / "set.npz", preparation="resize(4)|zca(frepo)")
    preparation = parse_preparation(ds.preparation)
    assert preparation.zca == "frepo" and parse_preparation("").zca == "none"
    whitened, fitted = data.whiten(ds, zca=preparation.zca)
    assert fitted.zca == "frepo" and whitened.preparation == ds.preparation
    assert dataclasses.asdict(preparation.last) == {"definition": "frepo"}
