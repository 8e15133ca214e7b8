"""The baselines: their images, their epochs and their networks."""

import flax.linen as nn
import jax
import numpy as np
import pytest

from medjax import coreset, data, evaluate
from medjax.errors import UserError
from medjax.evaluate import Benchmark, baselines
from medjax.training import Recipe, feature_vectors

STATS = (np.array([0.5], np.float32), np.array([0.25], np.float32))
RECIPE = Recipe(epochs=20, learning_rate=0.1, batch_size=8)


class Perceptron(nn.Module):
    """A network that trains quickly."""

    def setup(self):
        self.head = nn.Dense(2)

    def embed(self, images):
        return images.reshape(len(images), -1)

    def __call__(self, images):
        return self.head(self.embed(images))


def _split(n, seed):
    """Dark and light images under noise, twice as many dark ones."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % 3 == 0).astype(np.int32)
    images = 90 + 70 * labels[:, None, None, None] + rng.integers(-60, 60, (n, 4, 4, 1))
    return data.Split(images.astype(np.uint8), labels)


TRAIN = _split(30, 0)
BENCHMARK = Benchmark({"val": _split(20, 1), "test": _split(40, 2)}, STATS, "binary-class")


def _score(ipc=2, **options):
    options = {"recipe": RECIPE, "whole_epochs": 5, "num_networks": 3} | options
    key = jax.random.key(0)
    return evaluate.score_baselines(key, Perceptron(), TRAIN, BENCHMARK, ipc=ipc, **options)


@pytest.fixture(scope="module")
def trained():
    """The calls that train networks, in order, and the scores."""
    calls, original = [], baselines.train_networks

    def record(key, net, images, labels, *, recipe, num_networks, rows, **where):
        calls.append((str(key), images, labels, recipe, rows))
        options = {"recipe": recipe, "num_networks": num_networks, "rows": rows}
        return original(key, net, images, labels, **options, **where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "train_networks", record)
        scores = _score([1, 2])
    return calls, scores


def _rows(images):
    """Returns the rows of training images."""
    return [int(np.flatnonzero((TRAIN.images == x).all((1, 2, 3)))[0]) for x in images]


def test_scores_of_every_baseline_on_every_split(trained):
    _, scores = trained
    assert list(scores) == ["random", "kcenter", "whole"]
    for baseline in scores.values():
        assert set(baseline) == {"val", "test"}
        for metrics in baseline.values():
            assert set(metrics) >= {"accuracy", "balanced_accuracy", "auroc"}
            assert all(m["n"] == 3 and 0 <= m["mean"] <= 1 for m in metrics.values())
    assert scores["whole"]["test"]["accuracy"]["mean"] > 0.9


def test_the_whole_set_is_trained_on_for_its_own_epochs(trained):
    whole = [call for call in trained[0] if len(call[1]) == 30]
    assert len(whole) == 1
    _, images, labels, recipe, rows = whole[0]
    np.testing.assert_array_equal(images, TRAIN.images)
    np.testing.assert_array_equal(labels, TRAIN.labels)
    assert (recipe.epochs, recipe.batch_size, rows) == (5, 8, None)
    assert all(call[3] == RECIPE for call in trained[0] if len(call[1]) != 30)


def test_every_random_network_has_a_subset_of_its_own(trained):
    ((_, images, labels, _, rows),) = [call for call in trained[0] if call[4] is not None]
    subsets = [_rows(images[own]) for own in rows]
    assert len(subsets) == len({tuple(subset) for subset in subsets}) == 3
    for found, own in zip(subsets, rows, strict=True):
        assert len(set(found)) == 3
        assert TRAIN.labels[found].tolist() == labels[own].tolist() == [0, 1, 1]


def test_k_center_chooses_once_for_all_networks(trained):
    (call,) = [call for call in trained[0] if len(call[1]) == 3]
    rows = _rows(call[1])
    assert call[2].tolist() == [0, 1, 1] and len(set(rows)) == 3
    # The embedding is the pixels: the first of a class lies nearest to its mean.
    for label in (0, 1):
        members = np.flatnonzero(TRAIN.labels == label)
        pixels = TRAIN.images[members].reshape(len(members), -1) / 255.0
        distances = np.square(pixels - pixels.mean(0)).sum(-1)
        assert rows[label] == members[distances.argmin()]


def test_all_baselines_train_the_networks_of_the_key(trained):
    assert len(trained[0]) == 3 and {key for key, *_ in trained[0]} == {str(jax.random.key(0))}


def test_a_class_with_fewer_images_than_ipc_contributes_all(monkeypatch):
    """A set distilled from noise may have more images of a class than there are real ones."""
    calls, original = [], baselines.train_networks

    def record(*args, **options):
        calls.append(args[3] if options["rows"] is None else args[3][options["rows"]])
        return original(*args, **options)

    monkeypatch.setattr(baselines, "train_networks", record)
    scores = _score(11, num_networks=2)
    assert list(scores) == ["random", "kcenter", "whole"]
    whole, random, centres = calls
    assert len(whole) == 30 and random.shape == (2, 21)
    assert all(np.bincount(chosen).tolist() == [11, 10] for chosen in (*random, centres))


def test_random_subset_refuses_more_images_than_a_class_has():
    with pytest.raises(UserError, match=r"class 1 has 10 images, fewer than ipc 11"):
        coreset.random_subset(jax.random.key(0), TRAIN.labels, 11)


def test_images_on_disk_score_the_same(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(feature_vectors, "_IMAGES_PER_PIECE", 7)
    np.save(tmp_path / "train.npy", TRAIN.images)
    on_disk = data.Split(np.load(tmp_path / "train.npy", mmap_mode="r"), TRAIN.labels)
    monkeypatch.setitem(globals(), "TRAIN", on_disk)
    sizes, read = [], data.HostImages.read
    monkeypatch.setattr(
        data.HostImages, "read", lambda self, rows: sizes.append(np.size(rows)) or read(self, rows)
    )
    assert _score([1, 2]) == trained[1]
    assert max(sizes) == RECIPE.batch_size
    assert [path.name for path in tmp_path.iterdir()] == ["train.npy"]


def test_features_that_cannot_be_stored_raise_one_line(tmp_path, monkeypatch):
    np.save(tmp_path / "train.npy", TRAIN.images)
    on_disk = data.Split(np.load(tmp_path / "train.npy", mmap_mode="r"), TRAIN.labels)
    monkeypatch.setitem(globals(), "TRAIN", on_disk)

    def full(**_):
        raise OSError("No space left on device")

    monkeypatch.setattr(feature_vectors.tempfile, "TemporaryFile", full)
    with pytest.raises(UserError, match=r"cannot keep features of images in .*No space left"):
        _score([1, 2])


def test_a_diverged_network_is_no_error():
    """It may be scored, and it may be the embedding of k-center."""
    with pytest.warns(UserWarning, match="^3 of 3 networks diverged"):
        scores = _score(recipe=Recipe(epochs=20, learning_rate=1e30, batch_size=8))
    assert {s["test"]["auroc"]["mean"] for s in scores.values()} == {0.5}
