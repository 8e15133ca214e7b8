"""TFDS: a set made here, prepared and read by the code that prepares and reads any."""

import subprocess
import sys

import numpy as np
import pytest

from medjax import data
from medjax.data.pictures import tfds as reading
from medjax.errors import UserError

pytest.importorskip("tensorflow_datasets", reason="needs pip install -e '.[tfds]'")
pytest.importorskip("tensorflow", reason="preparing images needs pip install tensorflow-cpu")
# TensorFlow, imported to prepare.
pytestmark = pytest.mark.filterwarnings("ignore")

NAMES = ("tumour", "stroma", "debris")


def _example(split, row):
    """Images of several sizes whose brightness is their label."""
    shape = (10 + row % 3, 12, 3)
    return {"picture": np.full(shape, 60 * (row % 3) + row, np.uint8), "tissue": NAMES[row % 3]}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data_dir with two sets, of which nothing but their builders is known before."""
    import tensorflow_datasets as tfds

    class MedjaxWard(tfds.core.GeneratorBasedBuilder):
        """Train and test."""

        VERSION = tfds.core.Version("1.0.0")
        COUNTS = {"train": 30, "test": 9}  # noqa: RUF012 (TFDS's own style)

        def _info(self):
            features = {
                "picture": tfds.features.Image(shape=(None, None, 3)),
                "tissue": tfds.features.ClassLabel(names=NAMES),
                "age": np.int64,
            }
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, _):
            return {name: self._generate_examples(name) for name in self.COUNTS}

        def _generate_examples(self, split):
            for row in range(self.COUNTS[split]):
                yield row, {**_example(split, row), "age": row}

    class MedjaxUncut(MedjaxWard):
        """Train alone."""

        VERSION = tfds.core.Version("1.0.0")
        COUNTS = {"train": 30}  # noqa: RUF012

    class MedjaxDeep(tfds.core.GeneratorBasedBuilder):
        """Greys of 16 bits."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {
                "picture": tfds.features.Image(shape=(None, None, 1), dtype=np.uint16),
                "tissue": tfds.features.ClassLabel(names=NAMES),
            }
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, _):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for row in range(15):
                pixels = np.full((8, 8, 1), 4000 - row, np.uint16)
                yield row, {"picture": pixels, "tissue": NAMES[row % 3]}

    return tmp_path_factory.mktemp("tfds")


def _load(name, root, *, download=True, size=8, **options):
    options = {"data_dir": str(root), "image": "picture", "label": "tissue", **options}
    sources = data.Sources(tfds=data.TfdsOptions(**options))
    return data.load(f"tfds:{name}", size=size, download=download, sources=sources)


def _message(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        _load(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_is_not_prepared_unless_told(root):
    assert "medjax_ward is not prepared in" in _message("medjax_ward", root, download=False)


def test_a_set_with_splits(root):
    ds = _load("medjax_ward", root)
    assert ds.info.classes == NAMES and ds.info.name == "medjax_ward"
    assert ds.info.source == "tfds:medjax_ward/1.0.0" and ds.val is None
    # Three equal channels are no colours.
    assert ds.train.images.shape == (30, 8, 8, 1) and ds.test.images.shape == (9, 8, 8, 1)
    # Each image says which row it was: no label has moved.
    rows = ds.train.images[:, 4, 4, 0].astype(int) - 60 * ds.train.labels
    assert sorted(rows.tolist()) == list(range(30))
    np.testing.assert_array_equal(rows % 3, ds.train.labels)
    again = _load("medjax_ward", root, download=False)
    assert again.info == ds.info
    np.testing.assert_array_equal(again.train.images, ds.train.images)


def test_splits_and_modes_are_configurable(root):
    ds = _load("medjax_ward", root, train="train[:50%]", val="train[50%:]", size=5)
    assert (len(ds.train), len(ds.val), len(ds.test)) == (15, 15, 9)
    grey = data.Sources(
        convert=data.ConvertOptions(mode="grey"),
        tfds=data.TfdsOptions(data_dir=str(root), image="picture", label="tissue"),
    )
    assert data.load("tfds:medjax_ward", size=8, sources=grey).train.images.shape[-1] == 1


def test_a_set_without_splits_is_cut(root):
    ds = _load("medjax_uncut", root)
    assert ds.info.cut == "file"
    assert (len(ds.train), len(ds.val), len(ds.test)) == (21, 3, 6)
    assert np.bincount(ds.test.labels).tolist() == [2, 2, 2]
    rows = np.concatenate(
        [s.images[:, 4, 4, 0].astype(int) - 60 * s.labels for s in (ds.train, ds.val, ds.test)]
    )
    assert sorted(rows.tolist()) == list(range(30))


@pytest.mark.parametrize(("name", "deep"), [("medjax_deep", True), ("medjax_ward", False)])
def test_greys_of_sixteen_bits_are_told_by_the_features(name, deep, root):
    """TFDS decodes them with OpenCV alone."""
    options = data.TfdsOptions(data_dir=str(root), image="picture", label="tissue")
    sources, _ = reading.contents(name, options, download=True).splits["train"]
    assert sources[0].deep() == deep and sources[0].channels() == (1 if deep else 3)


def test_what_is_wrong_is_one_line(root):
    _load("medjax_ward", root)
    assert "unknown TFDS set 'no_such_set'" in _message("no_such_set", root)
    assert "unknown image feature of tfds:medjax_ward 'image'" in _message(
        "medjax_ward", root, image="image"
    )
    assert "the feature age is not a class label" in _message("medjax_ward", root, label="age")
    assert "the feature age is not an image" in _message("medjax_ward", root, image="age")
    assert "cannot read split 'training'" in _message("medjax_ward", root, train="training")
    assert "no test split" in _message("medjax_uncut", root, val="train[:5]")


@pytest.mark.parametrize("kind", [TypeError, AttributeError, ZeroDivisionError])
def test_a_bug_of_ours_keeps_its_traceback(root, kind, monkeypatch):
    _load("medjax_ward", root)

    def ours(*_, **__):
        raise kind("a bug")

    for name in ("Picture", "Source", "_splits"):
        with monkeypatch.context() as patch:
            patch.setattr(reading, name, ours)
            with pytest.raises(kind, match="a bug") as caught:
                _load("medjax_ward", root, size=6)
        assert caught.traceback[-1].name == "ours"


def test_the_digest_says_what_is_wrong_with_a_set_that_is_there(root, tmp_path):
    def digest(name, place=root, **options):
        sources = data.Sources(tfds=data.TfdsOptions(data_dir=str(place), **options))
        return data.digest(name, size=8, cache=tmp_path / "cache", sources=sources)

    known = {"image": "picture", "label": "tissue"}
    assert digest("tfds:medjax_ward", **known) == _load("medjax_ward", root).info.digest
    assert digest("tfds:medjax_ward", tmp_path, **known) is None
    assert digest("tfds:gone", **known) is None
    with pytest.raises(UserError, match="unknown label feature of tfds:medjax_ward"):
        digest("tfds:medjax_ward", image="picture", label="tisue")


def test_splits_that_overlap_are_refused(root):
    _load("medjax_ward", root)
    said = _message("medjax_ward", root, test="train[80%:]")
    assert said == (
        "tfds:medjax_ward: test 'train[80%:]' holds examples of train 'train'; "
        "choose splits that do not overlap"
    )
    assert "val 'train[14:20]'" in _message(
        "medjax_ward", root, train="train[:50%]", val="train[14:20]"
    )
    assert len(_load("medjax_ward", root, train="train[:50%]", val="train[15:20]").val) == 5


def test_other_forms_of_files_are_refused(root, tmp_path):
    import tensorflow_datasets as tfds

    builder = tfds.builder("medjax_ward", data_dir=tmp_path, file_format="tfrecord")
    builder.download_and_prepare()
    assert "was prepared as tfrecord; prepare it again" in _message("medjax_ward", tmp_path)


def test_reading_prepared_data_wants_no_tensorflow(root, tmp_path):
    _load("medjax_ward", root)
    code = f"""
import sys
from medjax import data
options = data.TfdsOptions(data_dir={str(root)!r}, image="picture", label="tissue")
ds = data.load("tfds:medjax_ward", size=7, download=False, sources=data.Sources(tfds=options))
print(len(ds.train), *sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    count, *modules = result.stdout.split()
    assert count == "30" and not {"tensorflow", "torch", "importlib_resources"} & set(modules)
