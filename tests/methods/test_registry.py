"""Methods by name, and what they refuse."""

import inspect

import jax
import pytest

from medjax import methods, nets
from medjax.errors import UserError

NET = nets.make("convnet", num_classes=2, width=4, depth=2)
SHARED = {"learning_rate", "momentum", "batch_real", "init", "augment", "num_networks", "factor"}
STUDENTS = {"clip", "step_size", "step_size_learning_rate", "syn_steps", "batch_syn", "unroll"}
EXPERTS = {"expert_epochs", "max_start_epoch", "num_experts", "train_epochs", "net_learning_rate"}
EXPERTS |= {"sharpness"}
LOOPS = {"distance", "outer_loop", "inner_loop", "net_learning_rate", "batch_norm"}
LOOPS |= {"label_learning_rate"}
CHARACTERISTIC = {"patience", "sampling", "num_frequencies", "calibration", "num_experts"}
CHARACTERISTIC |= {"train_epochs", "net_learning_rate"}
REAL_TRAINING = {"train_images", "pretrain_epochs", "cutmix", "net_momentum", "net_weight_decay"}


def test_names_are_sorted_and_make_a_distiller():
    assert methods.names() == (
        *("auto", "datm", "dc", "dm", "dsa", "herding", "hoptm", "idc", "idm", "kcenter", "mtt"),
        *("ncfm", "random", "rded"),
    )
    for name in methods.names():
        distiller = methods.make(name, net=NET, ipc=1)
        assert callable(distiller.init) and callable(distiller.step)


def test_options_have_the_defaults_of_the_reference():
    assert set(methods.options("dm")) == SHARED | {"distance"}
    assert set(methods.options("ncfm")) == SHARED - {"momentum"} | CHARACTERISTIC
    assert set(methods.options("dc")) == set(methods.options("dsa")) == SHARED | LOOPS
    assert set(methods.options("mtt")) == SHARED | STUDENTS | EXPERTS
    mtt = methods.options("mtt")
    assert (mtt["learning_rate"], mtt["momentum"], mtt["init"]) == (1000.0, 0.5, "real")
    assert (mtt["step_size"], mtt["step_size_learning_rate"]) == (0.01, 1e-5)
    assert (mtt["syn_steps"], mtt["expert_epochs"], mtt["max_start_epoch"]) == (20, 3, 25)
    assert (mtt["num_experts"], mtt["train_epochs"], mtt["net_learning_rate"]) == (100, 50, 0.01)
    datm, hoptm = methods.options("datm"), methods.options("hoptm")
    wider = {"min_start_epoch", "first_max_start_epoch", "expansion_iterations"}
    assert set(datm) == set(mtt) | wider | {"label_learning_rate", "ema"}
    assert set(hoptm) == set(mtt) | {"base_threshold", "growing", "shape_weight"}
    assert (mtt["sharpness"], datm["sharpness"], hoptm["sharpness"]) == (0.0, 0.01, 0.01)
    assert (datm["learning_rate"], hoptm["learning_rate"], hoptm["growing"]) == (100.0, 10.0, 1.5)
    ncfm = methods.options("ncfm")
    assert (ncfm["learning_rate"], ncfm["patience"], ncfm["batch_real"]) == (0.01, 500, 1024)
    assert (ncfm["sampling"], ncfm["num_frequencies"], ncfm["calibration"]) == ("normal", 4096, 1)
    assert (ncfm["num_experts"], ncfm["train_epochs"]) == (20, 60)
    assert (ncfm["init"], ncfm["factor"], ncfm["augment"]) == ("mix", 2, "color_crop_cutout")
    dm, dc, dsa = map(methods.options, ("dm", "dc", "dsa"))
    assert (dm["learning_rate"], dc["learning_rate"], dsa["learning_rate"]) == (1.0, 0.1, 0.1)
    assert {o["momentum"] for o in (dm, dc, dsa)} == {0.5}
    assert {o["batch_real"] for o in (dm, dc, dsa)} == {256}
    assert {o["num_networks"] for o in (dm, dc, dsa)} == {1}
    assert (dm["init"], dc["init"], dsa["init"]) == ("real", "noise", "real")
    full = "color_crop_cutout_flip_scale_rotate"
    assert (dm["augment"], dc["augment"], dsa["augment"]) == (full, "none", full)
    assert dm["distance"] == "mean"
    assert dsa["net_learning_rate"] == 0.01 and dsa["distance"] == "columnwise_cosine"


def test_idm_has_the_defaults_of_its_authors():
    idm = methods.options("idm")
    assert (idm["learning_rate"], idm["momentum"], idm["batch_real"]) == (0.2, 0.5, 256)
    assert (idm["init"], idm["factor"], idm["num_networks"]) == ("mix", 2, 1)
    assert (idm["num_networks_kept"], idm["new_network_every"]) == (100, 30)
    assert (idm["trained_networks"], idm["train_steps"]) == (2, 10)
    assert (idm["net_learning_rate"], idm["ce_weight"]) == (0.01, 0.5)
    assert methods.axes("idm") == ("class", "net", "batch")


def test_auto_is_dm_with_other_defaults():
    auto, dm = methods.options("auto"), methods.options("dm")
    assert set(auto) == set(dm)
    assert {name: auto[name] for name in auto if auto[name] != dm[name]} == {
        "init": "mix",
        "distance": "moments",
        "factor": 2,
    }


def test_idc_has_the_defaults_of_its_release():
    idc = methods.options("idc")
    loops = LOOPS - {"inner_loop", "label_learning_rate"}
    assert set(idc) == SHARED | {"factor"} | loops | REAL_TRAINING
    assert (idc["learning_rate"], idc["momentum"], idc["batch_real"]) == (5e-3, 0.5, 64)
    assert (idc["init"], idc["factor"], idc["augment"]) == ("mix", 2, "color_crop_cutout")
    assert (idc["distance"], idc["outer_loop"]) == ("conv_squared_error", 100)
    assert (idc["train_images"], idc["pretrain_epochs"], idc["cutmix"]) == (2000, 0, 0.5)
    assert [idc[f"net_{o}"] for o in ("learning_rate", "momentum")] == [0.01, 0.9]
    assert idc["net_weight_decay"] == 5e-4


def test_options_are_all_arguments_of_the_function():
    assert methods.options("herding") == methods.options("kcenter") == {"space": "embedding"}
    assert methods.options("random") == {}
    assert methods.options("rded") == {"num_crops": 5, "num_candidates": 300, "factor": None}
    for name in ("dm", "dc", "herding", "idc", "idm", "kcenter", "mtt", "ncfm", "random", "rded"):
        taken = set(inspect.signature(getattr(methods, name)).parameters)
        assert set(methods.options(name)) == taken - {
            "net",
            "ipc",
            "num_groups",
            "mesh",
            "matching",
        }


@pytest.mark.parametrize("function", [methods.options, lambda n: methods.make(n, net=NET, ipc=1)])
def test_an_unknown_method_suggests_the_nearest(function):
    with pytest.raises(UserError) as caught:
        function("dsaa")
    assert str(caught.value) == (
        "unknown method 'dsaa' (did you mean 'dsa'?); "
        "choose from: auto, datm, dc, dm, dsa, herding, hoptm, idc, idm, kcenter, mtt, ncfm, "
        "random, rded"
    )


def test_an_unknown_option_suggests_the_nearest():
    with pytest.raises(UserError, match=r"option of dsa 'inner_lop' \(did you mean 'inner_loop'"):
        methods.make("dsa", net=NET, ipc=1, inner_lop=3)
    with pytest.raises(UserError, match=r"unknown option of dm 'outer_loop'"):
        methods.make("dm", net=NET, ipc=1, outer_loop=3)


@pytest.mark.parametrize(
    ("name", "option", "value", "least"),
    [
        ("dm", "batch_real", 0, 1),
        ("dm", "num_networks", 0, 1),
        ("dm", "learning_rate", -0.5, 0),
        ("dm", "learning_rate", float("nan"), 0),
        ("dm", "momentum", -1, 0),
        ("dc", "batch_real", -1, 1),
        ("dc", "num_networks", 0, 1),
        ("dc", "outer_loop", 0, 1),
        ("dc", "inner_loop", -1, 0),
        ("dc", "learning_rate", -1, 0),
        ("dc", "momentum", -0.1, 0),
        ("dsa", "net_learning_rate", -0.1, 0),
        ("idm", "num_networks_kept", 0, 1),
        ("idm", "new_network_every", 0, 1),
        ("idm", "trained_networks", -1, 0),
        ("idm", "net_batch", 0, 1),
        ("idm", "train_steps", 0, 1),
        ("idm", "ce_weight", -0.1, 0),
        ("idm", "net_learning_rate", -1.0, 0),
        ("idc", "outer_loop", 0, 1),
        ("idc", "train_images", -1, 0),
        ("idc", "pretrain_epochs", -1, 0),
        ("idc", "net_momentum", -0.1, 0),
        ("mtt", "batch_real", 0, 1),
        ("mtt", "batch_syn", 0, 1),
        ("mtt", "syn_steps", 0, 1),
        ("mtt", "expert_epochs", 0, 1),
        ("mtt", "max_start_epoch", 0, 1),
        ("mtt", "num_experts", 0, 1),
        ("mtt", "learning_rate", -1.0, 0),
        ("mtt", "step_size", 0.0, 1e-8),
        ("mtt", "clip", 0.0, 1e-8),
        ("mtt", "sharpness", -0.1, 0),
        ("datm", "ema", -0.1, 0),
        ("datm", "label_learning_rate", -1.0, 0),
        ("datm", "min_start_epoch", -1, 0),
        ("datm", "expansion_iterations", 0, 1),
        ("hoptm", "base_threshold", -1e-9, 0),
        ("hoptm", "growing", 0.5, 1),
        ("hoptm", "shape_weight", -1.0, 0),
        ("ncfm", "batch_real", 0, 1),
        ("ncfm", "patience", 0, 1),
        ("ncfm", "num_experts", 0, 1),
        ("ncfm", "train_epochs", 0, 1),
        ("ncfm", "num_frequencies", 0, 1),
        ("ncfm", "calibration", -1.0, 0),
        ("ncfm", "learning_rate", -1.0, 0),
    ],
)
def test_values_out_of_range_are_refused(name, option, value, least):
    with pytest.raises(UserError, match=rf"^{option} must be at least {least}, got {value}$"):
        methods.make(name, net=NET, ipc=1, **{option: value})


@pytest.mark.parametrize("name", methods.names())
@pytest.mark.parametrize("ipc", [0, -2, [], [1, 0]])
def test_impossible_ipc_is_refused(name, ipc):
    with pytest.raises(UserError, match=r"^ipc "):
        methods.make(name, net=NET, ipc=ipc)


@pytest.mark.parametrize("name", ["dc", "dm", "dsa", "idc", "idm"])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "init",
            "reall",
            r"^unknown init 'reall' \(did you mean 'real'\?\); choose from: noise, real, mix,",
        ),
        ("augment", "color_corp", r"^unknown DSA operator 'corp' \(did you mean 'crop'\?\)"),
    ],
)
def test_unknown_values_are_refused(name, option, value, message):
    with pytest.raises(UserError, match=message):
        methods.make(name, net=NET, ipc=1, **{option: value})


def test_experts_that_end_too_early_are_refused():
    options = {"net": NET, "ipc": 1, "max_start_epoch": 5, "expert_epochs": 3}
    methods.make("mtt", train_epochs=7, **options)
    with pytest.raises(UserError) as caught:
        methods.make("mtt", train_epochs=6, **options)
    assert str(caught.value) == (
        "experts of train_epochs=6 end before epoch 7, which max_start_epoch=5 and "
        "expert_epochs=3 need"
    )


def test_an_unknown_unroll_is_refused():
    with pytest.raises(UserError, match=r"unknown unroll 'helt' \(did you mean 'held'\?\)"):
        methods.make("mtt", net=NET, ipc=1, unroll="helt")


def test_an_unknown_distance_is_refused():
    with pytest.raises(UserError, match=r"unknown distance 'cosin' \(did you mean 'cosine'\?\)"):
        methods.make("dc", net=NET, ipc=1, distance="cosin")
    with pytest.raises(UserError, match=r"^unknown distance .nfc. .*: mean, moments, rbf, ncf$"):
        methods.make("dm", net=NET, ipc=1, distance="nfc")
    with pytest.raises(UserError, match=r"unknown distance 'moment' \(did you mean 'moments'\?"):
        methods.make("auto", net=NET, ipc=1, distance="moment")


def test_an_unknown_sampling_is_refused():
    with pytest.raises(UserError, match=r"^unknown sampling 'netwrk' \(did you mean 'network'\?\)"):
        methods.make("ncfm", net=NET, ipc=1, sampling="netwrk")


def test_a_sampling_network_needs_two_rows():
    with pytest.raises(UserError, match=r"^num_frequencies must be at least 32, got 31$"):
        methods.make("ncfm", net=NET, ipc=1, sampling="network", num_frequencies=31)


def test_a_distance_of_convolutions_needs_one(make_real):
    net = nets.make("mlp", num_classes=2, width=4)
    distiller = methods.make("idc", net=net, ipc=1, batch_real=4)
    real = make_real((5, 5))
    state = distiller.init(jax.random.key(0), real)
    with pytest.raises(UserError, match="compares the weights of convolutions, of which the netw"):
        distiller.step(jax.random.key(0), state, real, 1)


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_a_probability_is_one(value):
    with pytest.raises(UserError, match=rf"^cutmix must be a probability, 0–1, got {value}$"):
        methods.make("idc", net=NET, ipc=1, cutmix=value)


def test_an_unknown_source_of_moments_is_refused():
    with pytest.raises(UserError, match=r"unknown batch_norm 'bach' \(did you mean 'batch'\?\)"):
        methods.make("dsa", net=NET, ipc=1, batch_norm="bach")


@pytest.mark.parametrize("name", methods.names())
def test_images_have_a_start_or_are_of_real_ones(name):
    assert ("init" in methods.options(name)) == (methods.real_parts(name) is None)
