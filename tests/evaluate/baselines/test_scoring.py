"""The baselines: their images, their selection, their steps and their networks."""

import jax
import numpy as np
import pytest

from medjax import coreset, data, evaluate
from medjax.errors import UserError
from medjax.evaluate import Made, Plan, protocol
from medjax.evaluate.baselines import scoring, subsets, whole
from medjax.evaluate.baselines.comparison import Comparison
from medjax.training import Recipe, feature_vectors

RECIPE = Recipe(epochs=20, learning_rate=0.1, batch_size=8)
SELECT_RECIPE = Recipe(epochs=20, learning_rate=0.1, batch_size=8, name="fast")
NAMES = ["random", "random_selected", "kcenter", "whole", "whole_balanced"]


PLAN = Plan(
    ipc=2,
    recipe=RECIPE,
    select_recipe=SELECT_RECIPE,
    num_networks=3,
    select_by="auroc",
    select_networks=2,
    draws=4,
    whole_steps=60,
)


@pytest.fixture(scope="module")
def score(shades):
    """Scores the baselines, with changes of the plan, the images or the splits."""

    def run(train=shades.train, benchmark=shades.benchmark, **options):
        plan = PLAN._replace(**{k: options.pop(k) for k in Plan._fields if k in options})
        return evaluate.score_baselines(
            shades.keys, shades.net, train, benchmark, plan=plan, **options
        )

    return run


@pytest.fixture(scope="module")
def recorded(score):
    """The trainings in order, as dicts of their arguments, and the baselines."""
    calls = []

    def recorder(module, name):
        original = getattr(module, name)

        def record(key, net, images, labels, **options):
            calls.append({"key": str(key), "images": images, "labels": labels, **options})
            return original(key, net, images, labels, **options)

        return module, name, record

    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (subsets, "train_networks"),
            (protocol, "train_networks"),
            (whole, "start_training"),
        ):
            patch.setattr(*recorder(module, name))
        baselines = score(ipc=[1, 2])
    return calls, baselines


def _rows(train, images):
    """Returns the rows of training images."""
    return [int(np.flatnonzero((train.images == x).all((1, 2, 3)))[0]) for x in images]


def test_scores_of_every_baseline_on_every_split(recorded):
    _, baselines = recorded
    assert list(baselines) == NAMES
    for baseline in baselines.values():
        assert set(baseline.scores) == {"val", "test"}
        for metrics in baseline.scores.values():
            assert set(metrics) >= {"accuracy", "balanced_accuracy", "auroc"}
            assert all(m["n"] == 3 and 0 <= m["mean"] <= 1 for m in metrics.values())
    assert baselines["whole"].scores["test"]["accuracy"]["mean"] > 0.9


def test_the_whole_set_is_trained_both_ways_for_the_steps_of_a_subset_or_more(recorded, shades):
    calls, baselines = recorded
    found = [call for call in calls if len(call["images"]) == 30]
    assert [call["recipe"].balanced for call in found] == [False, True]
    for call in found:
        np.testing.assert_array_equal(call["images"], shades.train.images)
        np.testing.assert_array_equal(call["labels"], shades.train.labels)
        assert (call["recipe"].batch_size, call.get("rows")) == (8, None)
    for name in ("whole", "whole_balanced"):
        facts = baselines[name].facts
        assert 20 <= facts["total_steps"] <= 60 and 0 < facts["steps"] <= facts["total_steps"]


def test_a_balanced_set_is_trained_on_once(score, shades):
    equal = data.Split(shades.train.images[:20], (np.arange(20) % 2).astype(np.int32))
    kinds = []

    def keep(content, make):
        kinds.append((content["kind"], content.get("balanced")))
        return make()

    baselines = score(train=equal, keep=keep)
    assert ("whole", True) not in kinds
    assert baselines["whole_balanced"] == baselines["whole"]


def test_every_random_network_has_a_subset_of_its_own(recorded, shades):
    (call,) = [call for call in recorded[0] if call.get("rows") is not None]
    images, labels, rows = call["images"], call["labels"], call["rows"]
    found = [_rows(shades.train, images[own]) for own in rows]
    assert len(found) == len({tuple(subset) for subset in found}) == 3
    for subset, own in zip(found, rows, strict=True):
        assert len(set(subset)) == 3
        assert shades.train.labels[subset].tolist() == labels[own].tolist() == [0, 1, 1]


def test_the_best_random_subset_on_val_is_selected(recorded, shades):
    """It is scored on val by the networks that select, then by those of the final scores."""
    calls, baselines = recorded
    facts = baselines["random_selected"].facts
    draws = [call for call in calls if call["key"] == str(jax.random.key(1))]
    assert len(draws) == facts["draws"] == len(facts["val"]) == 4
    assert all(call["num_networks"] == 2 for call in draws)
    assert [call["recipe"] for call in draws] == [SELECT_RECIPE] * 4
    assert {call["recipe"].name for call in calls if call["key"] == str(jax.random.key(0))} == {
        "reference"
    }
    assert len({tuple(_rows(shades.train, call["images"])) for call in draws}) > 1
    assert facts["draw"] == int(np.argmax(facts["val"]))
    best = _rows(shades.train, draws[facts["draw"]]["images"])
    final = [call for call in calls if call["num_networks"] == 3 and call.get("rows") is None]
    assert best in [_rows(shades.train, call["images"]) for call in final]


def test_all_images_are_trained_to_a_plateau_of_the_same_length_by_any_recipe(score):
    names = {}

    def keep(content, make):
        names[content["kind"]] = content["recipe"]["name"]
        return make()

    reference, fast = score(), score(recipe=SELECT_RECIPE, keep=keep)
    assert [fast[name] == reference[name] for name in NAMES[-2:]] == [True] * 2
    assert names.pop("whole") == "reference" and set(names.values()) == {"fast"}


def test_without_val_nothing_is_selected(score, shades):
    baselines = score(
        benchmark=shades.benchmark._replace(splits={"test": shades.benchmark.splits["test"]})
    )
    assert list(baselines) == [name for name in NAMES if name != "random_selected"]
    assert baselines["whole"].facts == {"steps": 60, "total_steps": 60, "plateau": False}


def test_k_center_chooses_once_for_all_networks(recorded, shades):
    sets = [call for call in recorded[0] if len(call["images"]) == 3]
    rows = _rows(shades.train, sets[-1]["images"])
    assert sets[-1]["labels"].tolist() == [0, 1, 1] and len(set(rows)) == 3
    # The embedding is the pixels: the first of a class lies nearest to its mean.
    for label in (0, 1):
        members = np.flatnonzero(shades.train.labels == label)
        pixels = shades.train.images[members].reshape(len(members), -1) / 255.0
        distances = np.square(pixels - pixels.mean(0)).sum(-1)
        assert rows[label] == members[distances.argmin()]


def test_baselines_train_the_networks_of_the_distilled_set(recorded):
    keys = [call["key"] for call in recorded[0]]
    assert keys.count(str(jax.random.key(1))) == PLAN.draws
    assert keys.count(str(jax.random.key(0))) == 5 == len(keys) - PLAN.draws


def test_what_is_kept_is_not_computed_again(monkeypatch, score):
    """A second call, and one with more draws, train only what is new."""
    kept = {}

    def keep(content, make):
        name = repr(sorted(content.items(), key=str))
        return kept.setdefault(name, None) or kept.update({name: make()}) or kept[name]

    first = score(keep=keep)
    assert all(isinstance(made, Made) for made in kept.values())
    count = len(kept)
    monkeypatch.setattr(whole, "start_training", None)
    monkeypatch.setattr(subsets, "train_networks", None)
    assert score(keep=keep) == first
    more = score(keep=keep, draws=5)
    assert more["whole"] == first["whole"] and len(kept) in (count + 1, count + 2)
    assert more["random_selected"].facts["val"][:4] == first["random_selected"].facts["val"]


def _contents(score, monkeypatch, **options):
    """Returns what names each baseline in a cache; nothing is trained."""
    found = {}

    def keep(content, make):
        found[content["kind"]] = content
        metrics = {name: {"mean": 0.5} for name in ("auroc", "accuracy")}
        return Made({"scores": {"val": metrics}, "val": metrics})

    monkeypatch.setattr(scoring, "is_balanced", lambda _: True)
    score(keep=keep, **options)
    return found


@pytest.mark.parametrize(
    ("option", "changed"),
    [
        ({"select_by": "accuracy"}, {"kcenter", "whole"}),  # which ends at its best score
        ({"select_networks": 1}, {"draw"}),
        ({"num_networks": 5}, {"random", "random_selected", "kcenter", "whole"}),
        ({"whole_steps": 90}, {"kcenter", "whole"}),
        ({"draws": 2}, set()),
    ],
)
def test_a_baseline_is_made_again_if_what_decides_it_changes(option, changed, monkeypatch, score):
    one, other = _contents(score, monkeypatch), _contents(score, monkeypatch, **option)
    assert {kind for kind in one if one[kind] != other[kind]} - {"draw"} == changed - {"draw"}
    draw = [{k: v for k, v in found["draw"].items() if k != "draw"} for found in (one, other)]
    assert (draw[0] != draw[1]) == ("draw" in changed)


def test_all_images_are_trained_for_the_steps_of_a_set_of_patches(shades):
    """Networks see each of four patches of an image, so an epoch has four times as many."""
    comparison = Comparison(
        *[jax.random.key(0)] * 2,
        None,
        shades.train,
        shades.benchmark,
        PLAN,
        lambda _, make: make(),
        print,
    )
    assert whole.budget(comparison).least == 20
    patches = comparison._replace(plan=PLAN._replace(factor=2))
    assert whole.budget(patches).least == 40


def test_somebody_who_watches_sees_each_baseline_begin_and_end(score):
    seen = {}
    watched = score(watch=lambda name, done: seen.setdefault(name, []).append(done))
    assert list(seen) == [
        "random images",
        *(f"random images {i} of 4" for i in (1, 2, 3, 4)),
        "the best random images",
        "all real images",
        "k-center images",
        "all real images, balanced",
    ]
    for fractions in seen.values():
        assert fractions[0] == 0 and fractions[-1] == 1 and fractions == sorted(fractions)
    assert watched == score()


def test_a_class_with_fewer_images_than_ipc_contributes_all(score):
    """A set distilled from noise may have more images of a class than there are real ones."""
    sizes = []
    original = subsets.train_networks

    def record(*args, **options):
        sizes.append(args[3][options["rows"]])
        return original(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subsets, "train_networks", record)
        assert list(score(ipc=11, num_networks=2)) == NAMES
    (random,) = sizes
    assert random.shape == (2, 21)
    assert all(np.bincount(chosen).tolist() == [11, 10] for chosen in random)


def test_random_subset_refuses_more_images_than_a_class_has(shades):
    with pytest.raises(UserError, match=r"class 1 has 10 images, fewer than ipc 11"):
        coreset.random_subset(jax.random.key(0), shades.train.labels, 11)


def test_images_on_disk_score_the_same(recorded, tmp_path, monkeypatch, score, shades):
    monkeypatch.setattr(feature_vectors, "_IMAGES_PER_PIECE", 7)
    np.save(tmp_path / "train.npy", shades.train.images)
    on_disk = data.Split(np.load(tmp_path / "train.npy", mmap_mode="r"), shades.train.labels)
    sizes, read = [], data.HostImages.read
    monkeypatch.setattr(
        data.HostImages, "read", lambda self, rows: sizes.append(np.size(rows)) or read(self, rows)
    )
    assert score(train=on_disk, ipc=[1, 2]) == recorded[1]
    assert max(sizes) == RECIPE.batch_size
    assert [path.name for path in tmp_path.iterdir()] == ["train.npy"]


def test_features_that_cannot_be_stored_raise_one_line(tmp_path, monkeypatch, score, shades):
    np.save(tmp_path / "train.npy", shades.train.images)
    on_disk = data.Split(np.load(tmp_path / "train.npy", mmap_mode="r"), shades.train.labels)

    def full(**_):
        raise OSError("No space left on device")

    monkeypatch.setattr(feature_vectors.tempfile, "TemporaryFile", full)
    with pytest.raises(UserError, match=r"cannot keep features of images in .*No space left"):
        score(train=on_disk)


def test_a_diverged_network_is_no_error(score):
    """It may be scored, and it may be the embedding of k-center."""
    with pytest.warns(UserWarning, match="networks diverged"):
        baselines = score(recipe=Recipe(epochs=20, learning_rate=1e30, batch_size=8))
    assert {b.scores["test"]["auroc"]["mean"] for b in baselines.values()} == {0.5}
