"""Options of a conversion that mean nothing, and what is kept of each picture."""

import numpy as np
import pytest

from medjax.data import ConvertOptions, Picture, Source, Unreadable
from medjax.data.damaged import UndecodableError
from medjax.data.inspect.acquisition import FACTS
from medjax.data.pictures import conversion
from medjax.errors import UserError


@pytest.mark.parametrize(
    "options, message",
    [
        ({"mode": "gray"}, "unknown convert mode 'gray' (did you mean 'grey'?)"),
        ({"fit": "shrink"}, "unknown convert fit 'shrink'; choose from: pad, crop, stretch"),
        ({"threads": -1}, "convert threads must be at least 0, got -1"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(UserError) as caught:
        conversion.check(ConvertOptions(**options))
    assert message in str(caught.value)


def test_names_patients_and_facts_follow_the_pictures(tmp_path):
    def damaged():
        raise UndecodableError("is damaged")

    def pictures(*values):
        return lambda: [Picture(np.full((4, 6 + v), v, np.uint8), 0, 255) for v in values]

    reads = {"a": pictures(1), "b": damaged, "c": pictures(2, 3), "d": pictures(4)}
    sources = [Source(name, lambda: 1, read) for name, read in reads.items()]
    parts = {
        "train": conversion.Part(sources, [0, 0, 1, 0], [7, 7, 8, 9]),
        "test": conversion.Part(sources[:1], [1]),
    }

    def to_bytes(picture):
        return np.ascontiguousarray(picture.pixels[:, :6, None])

    done = conversion.convert(parts, folder=tmp_path, to_bytes=to_bytes, threads=1)
    assert done.unreadable == [Unreadable("b", "is damaged")]
    assert done.files == {"train": ["a", "c", "c", "d"], "test": ["a"]}
    assert done.patients == {"train": [7, 8, 8, 9]}
    found = {x: np.load(tmp_path / f"train_{x}.npy") for x in ("images", "labels", "made")}
    assert found["labels"].tolist() == [0, 1, 1, 0]
    assert found["images"][:, 0, 0, 0].tolist() == [1, 2, 3, 4]
    assert found["made"][:, FACTS.index("width")].tolist() == [7, 8, 9, 10]
    assert found["made"].dtype == np.float32 and found["made"].shape == (4, len(FACTS))
