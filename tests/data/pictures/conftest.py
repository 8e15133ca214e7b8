"""Codes that no package here writes."""

import numpy as np
import pytest

_CATEGORIES = 17  # of differences, by their number of bits
_LENGTH = 5  # bits of each code of a category


@pytest.fixture(scope="session")
def lossless_jpeg():
    """``lossless_jpeg(pixels, bits)`` codes unsigned pixels, ``[h, w]``, as lossless JPEG.

    Each pixel is predicted from the one to its left (ISO/IEC 10918-1, annex H).
    """

    def encode(pixels, bits):
        predicted = np.empty(pixels.shape, np.int64)
        predicted[:, 1:] = pixels[:, :-1]
        predicted[1:, 0], predicted[0, 0] = pixels[:-1, 0], 2 ** (bits - 1)
        code = ""
        for difference in (pixels.astype(np.int64) - predicted).ravel():
            difference = (difference + 2**15 - 1) % 2**16 - 2**15 + 1
            category = int(abs(difference)).bit_length()
            code += format(category, f"0{_LENGTH}b")
            if 0 < category < _CATEGORIES - 1:
                code += format(int(difference + (2**category - 1) * (difference < 0)), "b").zfill(
                    category
                )
        code += "1" * (-len(code) % 8)
        scan = int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\x00")
        height, width = pixels.shape
        counts = [0] * 16
        counts[_LENGTH - 1] = _CATEGORIES
        size = b"".join(number.to_bytes(2, "big") for number in (height, width))
        segments = (
            (0xC3, bytes([bits]) + size + bytes([1, 1, 0x11, 0])),
            (0xC4, bytes([0, *counts, *range(_CATEGORIES)])),
            (0xDA, bytes([1, 1, 0, 1, 0, 0])),
        )
        head = b"".join(
            bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content
            for marker, content in segments
        )
        return b"\xff\xd8" + head + scan + b"\xff\xd9"

    return encode
