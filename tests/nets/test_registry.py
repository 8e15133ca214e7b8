"""Networks by name, and what a wrong name is told."""

import re

import pytest

from medjax import nets
from medjax.errors import UserError

NAMES = "alexnet, convnet, lenet, mlp, resnet18, vgg11"
NORMS = "instance, group, layer, batch, none"
OPTIONS = "width, depth, norm, activation, pooling, precision"


def test_makes_what_is_asked_for():
    assert nets.names() == ("alexnet", "convnet", "lenet", "mlp", "resnet18", "vgg11")
    net = nets.make("convnet", num_classes=7)
    assert isinstance(net, nets.ConvNet)
    assert (net.num_classes, net.width, net.depth) == (7, 128, None)
    assert (net.norm, net.activation, net.pooling) == ("instance", "relu", "avg")
    options = {"width": 64, "depth": 4, "norm": "group", "activation": "swish", "pooling": "max"}
    net = nets.make("convnet", num_classes=2, **options)
    assert {name: getattr(net, name) for name in options} == options


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "ConvNett",
            {},
            f"unknown network 'ConvNett' (did you mean 'convnet'?); choose from: {NAMES}",
        ),
        ("gpt", {}, f"unknown network 'gpt'; choose from: {NAMES}"),
        (
            "lenet",
            {"norm": "batch"},
            "unknown option of lenet 'norm'; choose from: precision",
        ),
        (
            "convnet",
            {"widht": 64},
            f"unknown option of convnet 'widht' (did you mean 'width'?); choose from: {OPTIONS}",
        ),
        (
            "convnet",
            {"parent": None},
            f"unknown option of convnet 'parent'; choose from: {OPTIONS}",
        ),
        (
            "convnet",
            {"norm": "instancenorm"},
            f"unknown norm 'instancenorm' (did you mean 'instance'?); choose from: {NORMS}",
        ),
        (
            "convnet",
            {"activation": "leaky_relu"},
            "unknown activation 'leaky_relu' (did you mean 'leakyrelu'?); "
            "choose from: relu, sigmoid, leakyrelu, swish",
        ),
        (
            "convnet",
            {"pooling": "mean"},
            "unknown pooling 'mean'; choose from: avg, max, none",
        ),
        (
            "convnet",
            {"precision": "float16"},
            "unknown precision 'float16' (did you mean 'bfloat16'?); "
            "choose from: float32, tf32, bfloat16",
        ),
        ("mlp", {"width": 0}, "width of mlp must be a whole number of at least 1, got 0"),
        ("mlp", {"width": -4}, "width of mlp must be a whole number of at least 1, got -4"),
        (
            "resnet18",
            {"width": 2.5},
            "width of resnet18 must be a whole number of at least 1, got 2.5",
        ),
        ("vgg11", {"width": None}, "width of vgg11 must be a whole number of at least 1, got None"),
        ("convnet", {"width": 0}, "width of convnet must be a whole number of at least 1, got 0"),
        ("convnet", {"depth": -1}, "depth of convnet must be a whole number of at least 1, got -1"),
        ("convnet", {"depth": 0}, "depth of convnet must be a whole number of at least 1, got 0"),
    ],
)
def test_a_wrong_name_is_told_the_right_ones(name, options, message):
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        nets.make(name, num_classes=2, **options)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("mlp", ("mlp", {})),
        ("convnet:width=8:norm=batch", ("convnet", {"width": 8, "norm": "batch"})),
    ],
)
def test_a_network_as_a_command_line_names_it(text, parsed):
    name, chosen = nets.parse(text)
    assert (name, chosen) == parsed
    net = nets.make(name, num_classes=2, **chosen)
    assert {option: getattr(net, option) for option in chosen} == chosen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resnet", "unknown network 'resnet' (did you mean 'resnet18'?); choose from: "),
        ("mlp:widht=8", "unknown option of mlp 'widht' (did you mean 'width'?); choose from: "),
        ("mlp:width=wide", "width of mlp takes int values, got 'wide'"),
        ("mlp:width", "width of mlp takes int values, got ''"),
        ("mlp:width=2.5", "width of mlp takes int values, got '2.5'"),
    ],
)
def test_what_a_command_line_gets_wrong(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        nets.parse(text)
