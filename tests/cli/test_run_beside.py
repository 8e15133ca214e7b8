"""The run beside a set of images, and whether its data has changed since."""

import dataclasses

import pytest

from medjax import data
from medjax.cli import run_beside
from medjax.run import config
from medjax.run.settings import Settings


@pytest.fixture(scope="module")
def phantom():
    return data.load("phantom")


@pytest.fixture
def run(phantom):
    """``run(**facts)``: a run on the phantom whose summary says ``facts`` of its data."""
    settings = Settings.from_config(config.make("dm", "phantom", "quick").to_dict())

    def make(**facts):
        facts = {"digest": phantom.info.digest, "source": phantom.info.source} | facts
        return run_beside.RunBeside(settings, {"augment": None}, facts)

    return make


def test_options_are_those_of_the_run(run):
    options = run().options()
    assert (options["data"], options["size"], options["augment"]) == ("phantom", 28, "none")


def test_data_that_has_changed(run, phantom):
    source = run().settings.data
    assert run().data_warnings(source, phantom) == []
    assert run(digest=None).data_warnings(source, phantom) == []
    (line,) = run(digest="1f").data_warnings(source, phantom)
    assert f"the digest of phantom was 1f and is {phantom.info.digest} now;" in line


@pytest.mark.parametrize("change, count", [({"size": 14}, 0), ({"root": "r", "cache": "c"}, 1)])
def test_only_what_is_read_in_the_same_way_is_compared(change, count, run, phantom):
    source = dataclasses.replace(run().settings.data, **change)
    assert len(run(digest="1f").data_warnings(source, phantom)) == count
    other = dataclasses.replace(source, name="phantom_cells")
    assert run(digest="1f", source="elsewhere").data_warnings(other, phantom) == []
