"""Settings: the defaults, the words after the colon, and what is refused."""

import pytest

from medjax import methods, nets
from medjax.errors import UserError
from medjax.run import config


def test_defaults_are_those_of_the_reference():
    assert config.defaults("mtt", "breastmnist").iterations == 5000
    assert config.defaults("datm", "breastmnist").iterations == 10000
    assert config.defaults("hoptm", "breastmnist").iterations == 10000
    dm, dc, dsa = (config.defaults(m, "breastmnist") for m in ("dm", "dc", "dsa"))
    assert [c.method for c in (dm, dc, dsa)] == ["dm", "dc", "dsa"]
    assert [c.iterations for c in (dm, dc, dsa)] == [20000, 1000, 1000]
    assert [c.evaluation.epochs for c in (dm, dc, dsa)] == [1000, 300, 1000]
    assert [c.distill.augment for c in (dm, dc, dsa)] == ["auto", "none", "auto"]
    assert [c.evaluation.augment for c in (dm, dc, dsa)] == ["auto", "none", "auto"]
    assert [c.evaluation.every for c in (dm, dc, dsa)] == [2000, 100, 100]
    idc = config.defaults("idc", "breastmnist")  # whose strategy cannot change a label
    assert (idc.iterations, idc.distill.augment) == (2000, "color_crop_cutout")
    assert (idc.evaluation.augment, idc.evaluation.epochs) == ("auto", 1000)
    assert dm.net.width == 128 and dm.net.depth is None and dm.evaluation.networks >= 5
    assert dm.data.name == "breastmnist" and dm.checkpoint.every_steps is None


@pytest.mark.parametrize("method", methods.names())
def test_every_option_of_a_method_is_a_key_with_its_default(method):
    made, options = config.defaults(method, "phantom").distill.to_dict(), methods.options(method)
    assert set(made) == set(options)
    assert {k: v for k, v in made.items() if k != "augment"} == {
        k: v for k, v in options.items() if k != "augment"
    }


@pytest.mark.parametrize("arg", [None, "", " , "])
def test_nothing_after_the_colon_is_the_defaults(arg):
    assert config.make("dm", "phantom", arg) == config.defaults("dm", "phantom")


def test_words_after_the_colon():
    made = config.make(
        "dc", "phantom", "bloodmnist, ipc=5 ,distill.init=real,distill.outer_loop=3,data.root=/a/b"
    )
    assert (made.data.name, made.ipc, made.distill.init) == ("bloodmnist", 5, "real")
    assert (made.distill.outer_loop, made.data.root) == (3, "/a/b")
    rest = config.defaults("dc", "bloodmnist")
    rest.update_from_flattened_dict(
        {"ipc": 5, "distill.init": "real", "distill.outer_loop": 3, "data.root": "/a/b"}
    )
    assert made == rest


def test_commas_in_brackets_do_not_separate_words():
    steps = (
        "window(center=40, width=400)|resize(64)|normalize(fixed, mean=(0, 1, 2), std=(1, 1, 1))"
    )
    made = config.make("dm", "phantom", f"quick,data.prepare={steps},ipc=3")
    assert (made.data.prepare, made.ipc) == (steps, 3)


def test_values_are_literals():
    rates = "distill.learning_rate=1e-2,distill.momentum=1"
    periods = "checkpoint.every_steps=7,checkpoint.every_minutes=None"
    made = config.make("dm", "phantom", f"{rates},evaluation.parity=True,{periods}")
    assert made.distill.learning_rate == 0.01 and made.evaluation.parity is True
    assert made.distill.momentum == 1.0 and isinstance(made.distill.momentum, float)
    assert made.checkpoint.every_steps == 7 and made.checkpoint.every_minutes is None


@pytest.mark.parametrize("name", ["data/mine.npz", "mine.npz", "/a/b/breastmnist_64.npz"])
def test_a_file_is_a_data_set(name):
    assert config.make("dm", "phantom", f"quick,{name}").data.name == name


def test_later_words_win():
    assert config.make("dm", "phantom", "ipc=5,ipc=6").ipc == 6
    assert config.make("dm", "phantom", "bloodmnist,data.name=x").data.name == "x"
    assert config.make("dm", "phantom", "data.name=x,bloodmnist").data.name == "bloodmnist"


@pytest.mark.parametrize("method", methods.names())
def test_quick_is_shorter_wherever_it_stands(method):
    full, quick = (config.make(method, "phantom", arg) for arg in (None, "quick"))
    shorter = quick.iterations < full.iterations or full.iterations == 1
    assert shorter and quick.net.width < full.net.width
    assert quick.evaluation.whole_steps < full.evaluation.whole_steps
    assert quick.iterations % quick.evaluation.every == 0
    assert set(quick.to_dict()) == set(full.to_dict()) and quick.ipc == full.ipc
    before, after = (config.make(method, "phantom", a) for a in ("iterations=3,quick", "quick"))
    assert before.iterations == 3 and before.net == after.net


@pytest.mark.parametrize("name", nets.names())
def test_a_network_brings_its_own_options(name):
    options = {k: v for k, v in nets.options(name).items() if k != "precision"}
    for arg in (f"net.name={name}", f"net.name=vgg11,quick,net.name={name}"):
        made = config.make("dm", "phantom", arg)
        wanted = {"name": name} | options
        if "quick" in arg and "width" in options:
            wanted["width"] = 32
        assert made.net.to_dict() == wanted
    overrides = {"net.name": name}
    assert config.make("dm", "phantom", None, overrides=overrides).net.name == name
    assert config.make("dm", "phantom", "net.name=mlp", overrides=overrides).net.name == "mlp"


def test_options_go_with_the_network_that_is_named():
    made = config.make("dm", "phantom", "net.width=16,net.name=resnet18,net.norm=batch")
    assert made.net.to_dict() == {"name": "resnet18", "width": 16, "norm": "batch"}
    with pytest.raises(UserError, match=r"unknown config key 'net\.depth'"):
        config.make("dm", "phantom", "net.name=resnet18,net.depth=2")
    with pytest.raises(UserError, match=r"unknown network 'resnet' \(did you mean 'resnet18'\?\)"):
        config.make("dm", "phantom", "net.name=resnet")


def test_a_config_file_has_its_own_settings_and_its_own_quick():
    def make(arg):
        own = {"ipc": 20, "net.width": 64}
        return config.make("dm", "phantom", arg, overrides=own, quick={"net.width": 7})

    assert (make(None).ipc, make(None).net.width) == (20, 64)
    assert (make("quick").ipc, make("quick").net.width) == (20, 7)
    assert make("quick,net.width=8").net.width == 8


@pytest.mark.parametrize(
    ("arg", "message"),
    [
        ("quik", r"unknown word after the config's colon 'quik' \(did you mean 'quick'\?\)"),
        ("breatmnist", r"\(did you mean 'breastmnist'\?\)"),
        ("ipcc=3", r"^unknown config key 'ipcc' \(did you mean 'ipc'\?\); choose from: "),
        ("distill.learning_rat=3", r"\(did you mean 'distill\.learning_rate'\?\)"),
        ("distill.outer_loop=3", r"unknown config key 'distill\.outer_loop'"),
        ("data=3", r"unknown config key 'data'"),
        ("ipc=abc", r"^config key ipc takes int values, got 'abc'$"),
        ("ipc=2.5", r"^config key ipc takes int values, got 2\.5$"),
        ("ipc=None", r"^config key ipc takes int values, got None$"),
        ("seeds=many", r"^config key seeds takes tuple values, got 'many'$"),
        ("seeds=True", r"^config key seeds takes tuple values, got True$"),
        ("seeds=0,3", r"unknown word after the config's colon '3'"),
        ("ipc=True", r"^config key ipc takes int values, got True$"),
        (
            "checkpoint.every_steps=often",
            r"^config key checkpoint\.every_steps takes int values, got 'often'$",
        ),
        ("evaluation.parity=1", r"evaluation\.parity takes bool values, got 1$"),
        ("distill.momentum=half", r"takes float values, got 'half'$"),
        ("data.name=5", r"takes str values, got 5$"),
        ("ipcc=quick", r"^unknown config key 'ipcc'"),
        ("folder:gone, set=1", r"^unknown config key 'set'.*; if the comma is part of the path "),
        ("folder:gone, new", r"'new'.*folder:gone, put quotes .* or set --config\.data\.name$"),
    ],
)
def test_mistakes_are_one_line(arg, message):
    with pytest.raises(UserError, match=message) as caught:
        config.make("dm", "phantom", arg)
    assert "\n" not in str(caught.value)


def test_an_unknown_method_or_setting_of_a_config_file_is_refused():
    with pytest.raises(UserError, match=r"unknown method 'dmm' \(did you mean 'dm'\?\)"):
        config.make("dmm", "phantom", None)
    with pytest.raises(UserError, match=r"unknown config key 'depth'"):
        config.make("dm", "phantom", None, overrides={"depth": 2})
