"""The settings that tell one run from another."""

import copy

import pytest

from medjax.run import config
from medjax.run.binding import binding, compare

OPTIONS = ("folder", "dicom", "nifti", "tfds", "cut", "convert")


def settings(name, *words):
    return config.make("dm", "phantom", ",".join(["quick", *words, f"data.name={name}"])).to_dict()


@pytest.mark.parametrize("name", ["phantom", "scans.npz", "folder:scans", "tfds:malaria"])
def test_an_option_that_is_new_does_not_tell_an_older_run_from_a_new_one(name):
    new = settings(name)
    old = copy.deepcopy(new)
    for kind in OPTIONS:
        old["data"][kind].popitem()
    del old["data"]["nifti"], old["data"]["dicom"]
    assert binding(old) == binding(new)
    assert binding(binding(old)) == binding(old)


def test_an_option_of_the_method_or_of_the_labels_that_is_new():
    new = settings("phantom")
    old = copy.deepcopy(new)
    del old["distill"]["factor"], old["evaluation"]["labels"], old["evaluation"]["temperature"]
    assert binding(old) == binding(new) == binding(binding(old))
    assert binding(old)["distill.factor"] == 1
    assert binding(old) != binding(settings("phantom", "distill.factor=2"))
    shown = compare(binding(old), binding(settings("phantom", "distill.momentum=0.25")))
    assert shown == "distill.momentum is 0.5 there and 0.25 here"


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("phantom", ()),
        ("folder:scans", ("folder", "dicom", "nifti", "cut", "convert")),
        ("tfds:malaria", ("tfds", "cut", "convert")),
    ],
)
def test_the_options_that_a_set_uses_bind(name, kinds):
    words = {
        "folder": "data.folder.table=a.csv",
        "dicom": "data.dicom.frames=all",
        "nifti": "data.nifti.axis=1",
        "tfds": "data.tfds.label=kind",
        "cut": "data.cut.seed=3",
        "convert": "data.convert.fit=crop",
    }
    found = binding(settings(name, *words.values()))
    assert {kind for kind, word in words.items() if word.split("=")[0] in found} == set(kinds)


def test_the_seeds_of_a_command_bind_none_of_its_runs():
    new = settings("phantom", "seeds=5")
    old = settings("phantom")
    del old["seeds"]
    assert binding(new) == binding(old)
    assert binding(new) != binding(settings("phantom", "seed=5"))


def test_learners_bind_where_there_are_some():
    new = settings("phantom")
    old = copy.deepcopy(new)
    del old["evaluation"]["learners"]
    assert binding(old) == binding(new) and "evaluation.learners" not in binding(new)
    some = binding(settings("phantom", "evaluation.learners=('knn',)"))
    assert "evaluation.learners is absent there and" in compare(binding(new), some)


def test_an_option_that_is_gone_binds_where_it_says_something_else():
    new = config.make("idm", "phantom", "quick").to_dict()
    old = copy.deepcopy(new)
    old["distill"]["balanced"] = False
    assert binding(old) == binding(new) == binding(binding(old))
    old["distill"]["balanced"] = True
    assert compare(binding(old), binding(new)) == "distill.balanced is true there and absent here"


def test_differences_are_named():
    assert compare({"a": 1, "b": 2}, {"a": 1, "b": "x", "c": None}) == (
        'b is 2 there and "x" here, c is absent there and null here'
    )
