"""Splits on which nothing can be scored say why, and a run is refused for the same reason."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data.inspect.unscored import why_unscored
from medjax.errors import UserError
from medjax.run import datasets


@pytest.fixture(scope="module")
def phantom():
    return data.load("phantom_findings")


def why(phantom, rows, cut=""):
    info = dataclasses.replace(phantom.info, classes=("a", "b"), cut=cut)
    return why_unscored(info, "val", np.array(rows))


def test_one_finding_that_divides_the_images_is_enough(phantom):
    assert why(phantom, [[1, -1], [-1, 0], [0, -1]]) == why(phantom, [0, 1]) == ""


@pytest.mark.parametrize("labels", [[1, 1], [[1, 0], [1, 0]]])
def test_labels_that_are_all_the_same(phantom, labels):
    assert why(phantom, labels) == "all its images have the same label"


@pytest.mark.parametrize(
    ("rows", "lack"),
    [
        ([[1, -1], [-1, 1], [1, 1]], "there is no known 0 of a, b, as 2 of 6 labels are ignored"),
        ([[1, -1], [-1, 0]], "there is no known 0 of a and no known 1 of b, as 2 of 4 labels"),
        ([[-1, -1], [-1, 0]], "there is no known 0 of a and no known 1 of a, b, as 3 of 4 labels"),
    ],
)
def test_what_is_not_known_is_missing(phantom, rows, lack):
    said = why(phantom, rows, cut="file")
    assert lack in said and said.endswith(
        ": a larger data.cut.val or another data.folder.uncertain may help"
    )
    assert why(phantom, rows).endswith(
        ": more images in val or another data.folder.uncertain may help"
    )


def test_the_check_of_a_set_and_its_run_say_the_same(phantom):
    alike = np.where(phantom.val.labels == 1, 1, -1)
    changed = dataclasses.replace(phantom, val=data.Split(phantom.val.images, alike))
    lines = data.check(changed.info, changed.splits)["warnings"]
    (line,) = [line for line in lines if "cannot be scored" in line]
    assert line.startswith("val cannot be scored: each finding needs an image")
    with pytest.raises(UserError, match=r"^mine cannot be scored on val: each finding needs"):
        datasets.check_scored("mine", changed)
    datasets.check_scored("mine", phantom)
