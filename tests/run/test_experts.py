"""Experts of a run: trained once, reused, and resumed after a kill."""

import dataclasses

import numpy as np
import pytest

from medjax import data, methods
from medjax.errors import UserError
from medjax.run import config, experts
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment


@pytest.fixture
def settings(striped, tmp_path):
    def make(**overrides):
        own = {
            "ipc": 1,
            "net.width": 4,
            "net.depth": 1,
            "data.name": f"{striped / 'set.npz'}",
            "data.cache": str(tmp_path / "cache"),
            "distill.num_experts": 3,
            "distill.train_epochs": 2,
            "distill.max_start_epoch": 1,
            "distill.expert_epochs": 1,
            "distill.batch_real": 16,
        }
        made = config.make("mtt", "phantom", None, overrides=own | overrides)
        return Settings.from_config(made.to_dict())

    return make


def experts_of(settings):
    experiment = experts.with_experts(make_experiment(settings))
    return experiment.real.experts


@pytest.fixture
def epochs(monkeypatch):
    """Counts the epochs that are trained; raises after ``most`` of them if set."""
    made, counted = methods.make_trainer, {"epochs": 0, "most": 1000}

    def make_trainer(net, experts, **options):
        trainer = made(net, experts, **options)

        def epoch(*args):
            if counted["epochs"] == counted["most"]:
                raise KeyboardInterrupt
            counted["epochs"] += 1
            return trainer.epoch(*args)

        return trainer._replace(epoch=epoch)

    monkeypatch.setattr(methods, "make_trainer", make_trainer)
    return counted


@pytest.mark.bits
def test_they_are_those_of_train_experts(settings):
    experiment = make_experiment(settings())
    expected = methods.train_experts(
        experiment.keys["experts"], experiment.net, experiment.distiller.experts, experiment.real
    )
    np.testing.assert_array_equal(experts_of(settings()), expected)


def test_they_are_trained_once(settings, epochs, monkeypatch):
    monkeypatch.setattr(experts, "_TOGETHER", 2)  # and in two groups
    first = experts_of(settings())
    assert epochs["epochs"] == 4
    # Settings of the distillation do not matter.
    again = experts_of(settings(ipc=2, **{"distill.learning_rate": 3.0}))
    assert epochs["epochs"] == 4
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"net.width": 3}, {"distill.batch_real": 8}, {"data.prepare": "zca(mtt)"}],
    ids=str,
)
def test_what_matters_makes_others(settings, epochs, change):
    experts_of(settings())
    before = epochs["epochs"]
    experts_of(settings(**change))
    assert epochs["epochs"] > before


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"distill.train_epochs": 3}, 2),
        ({"distill.num_experts": 5}, 4),
        ({"distill.num_experts": 2}, 0),
    ],
    ids=["epochs", "more experts", "fewer"],
)
def test_more_of_them_start_from_existing_ones(settings, epochs, monkeypatch, change, new):
    monkeypatch.setattr(experts, "_TOGETHER", 2)  # of 3, then 5: the second two are trained anew
    experts_of(settings())
    epochs["epochs"] = 0
    ours = np.asarray(experts_of(settings(**change)))
    assert epochs["epochs"] == new
    other = {"data.cache": settings().data.cache + "_other"}
    np.testing.assert_array_equal(ours, experts_of(settings(**change, **other)))


@pytest.mark.parametrize("most", [0, 1, 3])
def test_a_killed_training_is_resumed(settings, epochs, monkeypatch, tmp_path, most):
    monkeypatch.setattr(experts, "_TOGETHER", 2)
    expected = np.asarray(experts_of(settings(**{"data.cache": str(tmp_path / "other")})))
    epochs |= {"epochs": 0, "most": most}
    with pytest.raises(KeyboardInterrupt):
        experts_of(settings())
    epochs["most"] = 1000
    np.testing.assert_array_equal(experts_of(settings()), expected)
    assert epochs["epochs"] == 4  # none twice


def test_experts_of_sgd_keep_the_name_they_had_before_there_were_others(settings, monkeypatch):
    names = []

    def open_experts(root, own, **shape):
        names.append(own["experts"])
        raise UserError("seen")

    monkeypatch.setattr(experts, "open_experts", open_experts)
    for sharpness in (0.0, 0.01):
        with pytest.raises(UserError, match="seen"):
            experts_of(settings(**{"distill.sharpness": sharpness}))
    before = {"learning_rate", "batch_size", "augment"}
    assert set(names[0]) == before and names[1] == names[0] | {"sharpness": 0.01}


def test_experts_that_diverge_are_not_kept(settings):
    wild = {"distill.net_learning_rate": 1e30}
    for _ in range(2):
        with pytest.raises(
            UserError, match=r"not finite after epoch 1: lower distill.net_learning"
        ):
            experts_of(settings(**wild))


def test_above_the_limit_they_stay_on_disk(settings):
    small = experts_of(settings())
    mapped = experts_of(settings(**{"data.stream_above_gib": 4000 / 2**30}))
    assert not isinstance(small, data.HostImages) and isinstance(mapped, data.HostImages)
    np.testing.assert_array_equal(small, mapped.read(np.arange(9)))


def test_those_that_are_kept_are_rows_of_all(settings, epochs):
    """NCFM's are those of MTT in the cache, if they were trained alike."""
    experiment = make_experiment(settings())
    all_of_them = np.asarray(experts.with_experts(experiment).real.experts)
    trained = epochs["epochs"]
    kept = dataclasses.replace(experiment.distiller.experts, kept=(0, 2))
    ends = experiment._replace(distiller=experiment.distiller._replace(experts=kept))
    rows = experts.with_experts(ends).real.experts
    np.testing.assert_array_equal(rows, all_of_them.reshape(3, 3, -1)[:, [0, 2]].reshape(6, -1))
    assert epochs["epochs"] == trained
    above = experiment.streaming._replace(above=1)
    rows = experts.with_experts(ends._replace(streaming=above)).real.experts
    assert not isinstance(rows, data.HostImages) and rows.shape[0] == 6


def test_a_method_without_experts_is_unchanged(settings, monkeypatch):
    dm = config.make("dm", "phantom", None, overrides={"net.width": 4}).to_dict()
    dm["data"] = settings().config["data"]
    monkeypatch.setattr(experts, "open_experts", lambda *_, **__: pytest.fail("looked for experts"))
    experiment = make_experiment(Settings.from_config(dm))
    assert experts.with_experts(experiment) is experiment
