"""Labels of a set by the names of the classes of the run that made it."""

import numpy as np
import pytest

from medjax import data
from medjax.cli import numbered_set, run_beside
from medjax.errors import UserError


@pytest.fixture
def read(tmp_path):
    """``read(known, labels)`` reads a set, for the phantom, of a run with other classes."""
    phantom = data.load("phantom")

    def command(known, labels, digest="1f"):
        images = np.zeros((len(labels), 4, 4), np.uint8)
        np.savez(tmp_path / "set.npz", images=images, labels=labels)
        run = run_beside.RunBeside(None, {}, {"digest": digest, "classes": known})
        path = str(tmp_path / "set.npz")
        images, said = numbered_set.read(path, run, phantom, name="phantom")
        return images.labels.tolist(), said

    return command, phantom


def test_any_order(read):
    command, phantom = read
    for order in ([3, 0, 2, 1], [1, 2, 3, 0], [0, 1, 2, 3]):
        known = [phantom.info.classes[x].upper() for x in order]
        labels, said = command(known, [0, 1, 2, 3, 1])
        assert labels == [*order, order[1]]
        assert [", and become 0 = " in line for line in said] == [True] * (order != [0, 1, 2, 3])


def test_labels_that_are_names_keep_their_class(read):
    command, phantom = read
    known = [*phantom.info.classes][::-1]
    assert command(known, [known[0], known[2]])[0] == [3, 1]


def test_the_data_of_the_run_has_its_labels(read):
    command, phantom = read
    assert command(["w", "x", "y", "z"], [0, 3], digest=phantom.info.digest) == ([0, 3], [])


def test_a_summary_without_classes(read):
    command, phantom = read
    labels, (line,) = command(None, [0, 3])
    first = phantom.info.classes[0]
    assert labels == [0, 3] and f"its labels are taken as 0 = {first}, 1 = " in line


@pytest.mark.parametrize("count", [2, 4])
def test_classes_that_are_numbers_have_no_names(count, read):
    command, phantom = read
    labels, (line,) = command([str(label) for label in range(count)], [1, 0])
    first = phantom.info.classes[0]
    assert labels == [1, 0] and f"its labels are taken as 0 = {first}, 1 = " in line
    with pytest.raises(UserError, match="is of the classes 1, 2 by the summary"):
        command(["1", "2"], [1, 0])
