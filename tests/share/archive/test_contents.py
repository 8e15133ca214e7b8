"""What the checks of contents let pass: files as others write them, to the limits."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from medjax.errors import UserError
from medjax.share.archive.contents import arrays, check_entry, pictures, texts


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA", "I;16"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (300, 200)])
def test_pictures_of_pillow(mode, shape, tools):
    channels = {"L": (), "RGB": (3,), "LA": (2,), "RGBA": (4,), "I;16": ()}[mode]
    kind = np.uint16 if mode == "I;16" else np.uint8
    pixels = np.random.default_rng(0).integers(0, 255, (*shape, *channels)).astype(kind)
    row = 1 + shape[1] * max(channels, default=1) * kind().itemsize
    assert pictures.check_png(tools.picture(pixels)) == shape[0] * row


def test_a_picture_of_other_chunks_is_refused():
    stream = io.BytesIO()
    Image.new("P", (4, 4)).save(stream, "PNG")
    with pytest.raises(UserError, match=r"PLTE|in another way"):
        pictures.check_png(stream.getvalue())


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 28, 28, 3), np.uint8),
        np.float32(0.01),
        np.str_("resize(size=28)|rgb – ü 😀"),
        np.array(["benign", "malignant"]),
        np.arange(6, dtype=np.int64).reshape(1, 2, 3),
        np.zeros((2, 3), np.float16),
    ],
)
def test_arrays_of_numbers_and_text(array, tools):
    data = tools.npz({"x.npy": tools.npy(array)})
    assert arrays.check_npz(data) == len(data)
    with np.load(io.BytesIO(data)) as loaded:
        np.testing.assert_array_equal(loaded["x"], array)


def test_json_as_python_writes_it():
    content = {"a": [1, -2.5, 1e-300, None, True], "ü": {"😀": ["x" * 1000]}, "n": -(2**59)}
    for ascii_only in (True, False):
        text = json.dumps(content, ensure_ascii=ascii_only, indent=2)
        assert texts.parse_json(text.encode()) == content


def test_json_to_its_depth():
    assert texts.check_json(b"[" * 64 + b"]" * 64) == 128


def test_the_error_names_the_entry():
    with pytest.raises(UserError, match=r"^train/cat/0\.png: it is not a PNG$"):
        check_entry("train/cat/0.png", b"")
