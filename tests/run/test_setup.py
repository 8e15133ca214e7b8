"""The experiment that a config makes, and what is refused before anything is written."""

import numpy as np
import pytest

from medjax import data, methods, planning
from medjax.errors import UserError
from medjax.run import config
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment

FULL = "color_crop_cutout_flip_scale_rotate"
NO_FLIP = "color_crop_cutout_scale_rotate"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sets of 8×8 images: three classes as ``set.npz``, as digits, without val, multi-label."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 30), ("val", 9), ("test", 12)):
        arrays[f"{split}_images"] = rng.integers(0, 255, (n, 8, 8), np.uint8)
        arrays[f"{split}_labels"] = (np.arange(n) % 3)[:, None]
    np.savez(folder / "set.npz", **arrays)
    np.savez(folder / "mnist.npz", **arrays)
    np.savez(folder / "noval.npz", **{k: v for k, v in arrays.items() if "val" not in k})
    rows = {k: np.eye(3, dtype=int)[v[:, 0]] for k, v in arrays.items() if "labels" in k}
    np.savez(folder / "multi.npz", **arrays | rows)
    return folder


@pytest.fixture
def settings(folder):
    def make(method="dm", name="set", **overrides):
        own = {"ipc": 2, "net.width": 4, "net.depth": 1, "data.name": f"{folder / name}.npz"}
        return config.make(method, "phantom", None, overrides=own | overrides).to_dict()

    return make


def experiment_of(config):
    return make_experiment(Settings.from_config(config))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterationss": 1}, r"unknown config key 'iterationss' \(did you mean 'iterations'\?\)"),
        ({"evaluation": {"evry": 1}}, r"unknown config key 'evaluation\.evry' \(did you mean"),
        ({"data": {"folder": {"column": ""}}}, r"unknown config key 'data\.folder\.column' \(did"),
        ({"mesh": {"rows": 1}}, r"unknown config key 'mesh\.rows'"),
        ({"seed": None}, r"^config key seed is missing$"),
        ({"net": {"name": None}}, r"^config key net\.name is missing$"),
        ({"checkpoint": {"keep": None}}, r"^config key checkpoint\.keep is missing$"),
    ],
)
def test_unknown_and_missing_keys_are_named(settings, change, message):
    def changed(section, change):
        for key, value in change.items():
            if value is None:
                del section[key]
            elif isinstance(value, dict):
                changed(section[key], value)
            else:
                section[key] = value
        return section

    with pytest.raises(UserError, match=message):
        Settings.from_config(changed(settings(), change))


def test_settings_keep_the_config_and_the_networks_text(settings):
    made = Settings.from_config(settings(ipc_per_class=(1, 4, 2)))
    wanted = settings(ipc_per_class=(1, 4, 2)) | {"ipc_per_class": [1, 4, 2]}
    wanted.pop("seeds")  # of which this is one
    wanted["evaluation"] |= {"learners": []}
    assert made.config == wanted
    assert made.ipc_per_class == (1, 4, 2) and made.net.text == "convnet:width=4:depth=1"


@pytest.mark.parametrize("named", ["knn, mlp", ("knn,mlp",), ["knn", "mlp"], ("knn", "mlp,")])
def test_learners_are_listed_or_in_one_text(settings, named):
    config = settings()
    config["evaluation"]["learners"] = named
    assert Settings.from_config(config).evaluation.learners == ["knn", "mlp"]


def test_everything_that_a_config_names(settings):
    made = experiment_of(
        settings(
            **{
                "net.norm": "group",
                "evaluation.epochs": 7,
                "evaluation.learning_rate": 0.5,
                "evaluation.momentum": 0.25,
                "evaluation.weight_decay": 0.125,
                "evaluation.batch_size": 5,
                "evaluation.parity": True,
            }
        )
    )
    assert (made.net.num_classes, made.net.width, made.net.norm) == (3, 4, "group")
    recipe = made.recipe
    assert (recipe.epochs, recipe.learning_rate, recipe.momentum) == (7, 0.5, 0.25)
    assert (recipe.weight_decay, recipe.batch_size, recipe.parity) == (0.125, 5, True)
    assert made.ipc == 2 and made.benchmark.task == "multi-class"
    assert {name: len(split) for name, split in made.benchmark.splits.items()} == {
        "val": 9,
        "test": 12,
    }
    np.testing.assert_array_equal(made.benchmark.stats, (made.dataset.mean, made.dataset.std))
    np.testing.assert_array_equal(made.real.images, made.dataset.train.images)
    assert made.real.counts.tolist() == [10, 10, 10]


@pytest.mark.parametrize(("limit", "streams"), [(None, False), (1900 / 2**30, True), (1, False)])
def test_images_above_the_limit_stay_on_disk(settings, tmp_path, caplog, limit, streams):
    """The training images take 1,920 bytes."""
    where = {"data.cache": str(tmp_path), "data.stream_above_gib": limit}
    with caplog.at_level("INFO", "medjax"):
        made = experiment_of(settings(**where))
    assert isinstance(made.real.images, data.HostImages) == streams
    assert ("stream from disk" if streams else "are on the device") in caplog.text
    splits = made.benchmark.splits.values()
    assert not any(isinstance(split.images, np.memmap) for split in splits)
    if limit is None:
        allowed = planning.device_budget() / 6 / 2**30
        assert f"take 1.79e-06 GiB of the {allowed:.3g} GiB allowed" in caplog.text


def test_one_number_for_each_class(settings):
    made = experiment_of(settings(ipc_per_class=(1, 4, 2)))
    assert made.ipc == (1, 4, 2)
    state = made.distiller.init(made.keys["distill"], made.real)
    assert np.bincount(state.labels).tolist() == [1, 4, 2]
    with pytest.raises(UserError, match=r"ipc lists 2 numbers \[1, 4\] for 3 classes"):
        experiment_of(settings(ipc_per_class=(1, 4)))


@pytest.mark.parametrize(
    ("method", "name", "overrides", "distilled", "evaluated"),
    [
        ("dm", "set", {}, FULL, FULL),
        ("dsa", "mnist", {}, NO_FLIP, NO_FLIP),
        ("dc", "mnist", {}, "none", None),
        ("dm", "mnist", {"distill.augment": "flip"}, "flip", NO_FLIP),
        ("dm", "mnist", {"evaluation.augment": "none"}, NO_FLIP, None),
    ],
)
def test_augmentation_is_the_data_sets_unless_given(
    settings, monkeypatch, method, name, overrides, distilled, evaluated
):
    made, given = methods.make, {}
    monkeypatch.setattr(methods, "make", lambda n, **k: given.update(k) or made(n, **k))
    experiment = experiment_of(settings(method, name, **overrides))
    assert given["augment"] == distilled
    assert experiment.recipe.augment == evaluated


def test_a_network_named_too_late(settings):
    made = settings()
    made["net"]["name"] = "resnet18"
    with pytest.raises(UserError) as caught:
        experiment_of(made)
    assert str(caught.value) == (
        "net.name=resnet18 has other options than the config's network: name it after the "
        "config's colon, as in configs/dm.py:net.name=resnet18"
    )


def test_a_core_set_has_no_augmentation_of_its_own(folder):
    own = {"ipc": 2, "net.width": 4, "net.depth": 1, "data.name": f"{folder / 'set'}.npz"}
    made = experiment_of(config.make("random", "phantom", None, overrides=own).to_dict())
    assert made.recipe.augment == FULL and made.recipe.epochs == 1000


@pytest.mark.parametrize(("students", "devices"), [(1, None), (2, 2), (3, 3)])
def test_students_have_no_more_devices_than_there_are_of_them(settings, students, devices):
    made = experiment_of(settings("mtt", **{"distill.num_networks": students}))
    assert (made.mesh and made.mesh.shape["net"]) == devices
    assert made.benchmark.mesh.size == 8


def test_whitening_is_refused_where_floats_would_not_fit(settings):
    """The bytes fit, so nothing would stream."""
    options = {"data.prepare": "zca(mtt)", "data.stream_above_gib": 3000 / 2**30}
    with pytest.raises(
        UserError, match=r"^zca makes floats of pixels, .*: train would take .* GiB"
    ):
        experiment_of(settings(**options))


def test_without_a_val_split(settings):
    assert list(experiment_of(settings(name="noval")).benchmark.splits) == ["test"]


def test_a_split_of_one_class_is_refused(settings, folder):
    with np.load(folder / "set.npz") as arrays:
        alone = dict(arrays) | {"test_labels": np.ones_like(arrays["test_labels"])}
    np.savez(folder / "alone.npz", **alone)
    with pytest.raises(UserError, match="cannot be scored on test: all its images have"):
        experiment_of(settings(name="alone"))


@pytest.mark.parametrize(
    ("recipe", "select"), [("reference", "fast"), ("fast", "reference"), ("fast", "fast")]
)
def test_each_recipe_has_its_name_and_the_learned_rate(settings, recipe, select):
    names = {"evaluation.recipe": recipe, "evaluation.select_recipe": select}
    made = experiment_of(settings(**names))
    final, selects = made.recipe_for(0.5), made.recipe_for(0.5, selects=True)
    assert (final.name, selects.name) == (recipe, select)
    assert final.learning_rate == selects.learning_rate == 0.5
    assert made.recipe_for(None) == made.recipe
    assert made.recipe_for(None, selects=True) == made.select_recipe


def test_parity_is_of_the_final_scores_alone(settings):
    made = experiment_of(
        settings(**{"evaluation.parity": True, "evaluation.select_recipe": "fast"})
    )
    assert made.recipe.parity and not made.select_recipe.parity


def test_keys_follow_the_seed_and_the_purpose(settings):
    zero, again, one = (experiment_of(settings(seed=seed)).keys for seed in (0, 0, 1))
    assert set(zero) == {"distill", "select", "final", "experts"}
    assert all((zero[name] == again[name]).all() for name in zero)
    bits = {str(key) for keys in (zero, one) for key in keys.values()}
    assert len(bits) == 8


@pytest.mark.parametrize(
    ("key", "value", "least"),
    [
        ("iterations", 0, 1),
        ("log_every", 0, 1),
        ("seed", -1, 0),
        ("evaluation.every", 0, 1),
        ("evaluation.networks", 0, 1),
        ("evaluation.select_networks", -2, 1),
        ("evaluation.whole_steps", 0, 1),
        ("checkpoint.keep", 0, 1),
        ("checkpoint.every_steps", -1, 1),
        ("checkpoint.every_minutes", -0.5, 0),
        ("data.stream_above_gib", -0.5, 0),
    ],
)
def test_numbers_out_of_range_are_named(settings, key, value, least):
    with pytest.raises(UserError) as caught:
        experiment_of(settings(**{key: value}))
    assert str(caught.value) == f"{key} must be at least {least}, got {value}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"evaluation.select_by": "auc"},
            r"unknown evaluation\.select_by 'auc' \(did you mean 'auroc'\?\)",
        ),
        ({"net.name": "convnett"}, r"unknown network 'convnett' \(did you mean 'convnet'\?\)"),
        ({"net.norm": "instanc"}, r"unknown norm 'instanc' \(did you mean 'instance'\?\)"),
        ({"method": "dmm"}, r"unknown method 'dmm'"),
        ({"ipc": 0}, r"^ipc must be at least 1"),
        ({"distill.init": "nois"}, r"unknown init 'nois' \(did you mean 'noise'\?\)"),
        ({"distill.augment": "flop"}, r"unknown DSA operator 'flop' \(did you mean 'flip'\?\)"),
        ({"distill.batch_real": 0}, r"^batch_real must be at least 1, got 0$"),
        ({"evaluation.epochs": -1}, r"^evaluation\.epochs must be a whole number"),
        ({"evaluation.learning_rate": -1.0}, r"^evaluation\.learning_rate must be a finite number"),
        (
            {"evaluation.recipe": "Fast"},
            r"^unknown evaluation\.recipe 'Fast' \(did you mean 'fast'",
        ),
        ({"evaluation.select_recipe": ""}, r"^unknown evaluation\.select_recipe ''; choose from: "),
        (
            {"evaluation.recipe": "fast", "evaluation.parity": True},
            r"^evaluation\.parity needs evaluation\.recipe=reference, got fast$",
        ),
    ],
)
def test_values_that_cannot_work_are_named(settings, overrides, message):
    with pytest.raises(UserError, match=message):
        experiment_of(settings(**overrides))


@pytest.mark.filterwarnings("ignore:.*each row of its labels has a single 1")
def test_a_multi_label_set_is_matched_by_groups(settings):
    made = experiment_of(settings(name="multi"))
    assert made.benchmark.task == "multi-label, binary-class"
    assert made.real.counts.tolist() == [10, 10, 10]  # every image has a finding
    state = made.distiller.init(made.keys["distill"], made.real)
    np.testing.assert_array_equal(state.labels, np.repeat(np.eye(3), 2, axis=0))


def test_images_in_proportion_to_the_classes(settings, folder):
    with np.load(folder / "set.npz") as file:
        arrays = dict(file)
    arrays["train_labels"] = np.repeat([0, 1, 2], [22, 6, 2])
    np.savez(folder / "uneven.npz", **arrays)
    made = experiment_of(settings(name="uneven", ipc=5, ipc_shares="proportional"))
    assert made.ipc == (11, 3, 1)
    with pytest.raises(UserError, match="unknown ipc_shares 'even'; choose from: balanced"):
        experiment_of(settings(ipc_shares="even"))


@pytest.mark.filterwarnings("ignore:.*each row of its labels has a single 1")
def test_images_are_selected_by_what_the_task_has(settings):
    chosen = {"evaluation.select_by": "average_precision"}
    assert experiment_of(settings(name="multi", **chosen))
    with pytest.raises(UserError, match=r"unknown evaluation\.select_by 'average_precision'"):
        experiment_of(settings(**chosen))


def test_what_does_not_fit_in_memory_is_refused(settings, monkeypatch):
    monkeypatch.setattr(planning, "device_budget", lambda: 1000)
    with pytest.raises(
        UserError, match=r"take about .* GiB to match, and this device has 0\.0 GiB"
    ):
        experiment_of(settings())


def test_precision_is_the_networks(settings):
    assert experiment_of(settings(precision="bfloat16")).net.precision == "bfloat16"
    with pytest.raises(UserError, match="unknown precision 'half'; choose from: float32, tf32"):
        experiment_of(settings(precision="half"))
