"""MLP, LeNet, AlexNet, VGG11 and ResNet18: sizes, counts, and PyTorch's outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import kernels, nets
from medjax.errors import UserError
from medjax.nets.layers.norms import NORMS

# network, options, image, classes -> features, parameters; those of 28 grey and 32 colour pixels
# are the reference's.
SHAPES = {
    "mlp grey 28": ("mlp", {}, (28, 28, 1), 10, 128, 118_282),
    "mlp colour 32": ("mlp", {}, (32, 32, 3), 10, 128, 411_146),
    "mlp 3×5": ("mlp", {"width": 4}, (3, 5, 1), 2, 4, 94),
    "lenet grey 28": ("lenet", {}, (28, 28, 1), 10, 84, 61_706),
    "lenet colour 32": ("lenet", {}, (32, 32, 3), 10, 84, 62_006),
    "lenet 16": ("lenet", {}, (16, 16, 1), 10, 84, 61_706 - 24 * 16 * 120),
    "alexnet grey 28": ("alexnet", {}, (28, 28, 1), 10, 3_072, 1_865_802),
    "alexnet colour 32": ("alexnet", {}, (32, 32, 3), 10, 3_072, 1_872_202),
    "alexnet, batch": ("alexnet", {"norm": "batch"}, (32, 32, 3), 10, 3_072, 1_874_122),
    "alexnet 64": ("alexnet", {"width": 8}, (64, 64, 3), 2, 768, 9_350),
    "vgg11 grey 28": ("vgg11", {}, (28, 28, 1), 10, 512, 9_229_962),
    "vgg11 colour 32": ("vgg11", {}, (32, 32, 3), 10, 512, 9_231_114),
    "vgg11 colour 28": ("vgg11", {}, (28, 28, 3), 10, 512, 9_231_114),
    "vgg11 64": ("vgg11", {"width": 4}, (64, 64, 1), 2, 128, 36_810),
    "resnet18 grey 28": ("resnet18", {}, (28, 28, 1), 10, 512, 11_172_810),
    "resnet18 colour 32": ("resnet18", {}, (32, 32, 3), 10, 512, 11_173_962),
    "resnet18, no norm": ("resnet18", {"norm": "none"}, (32, 32, 3), 10, 512, 11_164_362),
    "resnet18 224": ("resnet18", {"width": 4}, (224, 224, 3), 2, 32, 44_358),
}
LEAST = {"mlp": 1, "lenet": 16, "alexnet": 8, "vgg11": 32, "resnet18": 9}
NORMED = ("alexnet", "vgg11", "resnet18")


def shapes_of(name, options, image, classes, *, n=3):
    """``(variables, logits, features)`` by shape alone."""
    net = nets.make(name, num_classes=classes, **options)
    images = jnp.zeros((n, *image), jnp.float32)

    def run(key):
        variables = net.init(key, images)
        features = net.apply(variables, images, method="embed")
        return variables, net.apply(variables, images), features

    return jax.eval_shape(run, jax.random.key(0))


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_and_parameter_counts(case):
    name, options, image, classes, num_features, count = SHAPES[case]
    variables, logits, features = shapes_of(name, options, image, classes)
    assert logits.shape == (3, classes) and features.shape == (3, num_features)
    assert variables["params"]["head"]["kernel"].shape == (num_features, classes)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == count


def test_every_network_but_the_convnet_is_here():
    assert (
        {*LEAST, "convnet"}
        == set(nets.names())
        == {case[0] for case in SHAPES.values()} | {"convnet"}
    )


@pytest.mark.parametrize("name", LEAST)
def test_the_smallest_image(name):
    least = LEAST[name]
    for side in (least, least + 5):
        _, _, features = shapes_of(name, {}, (side, least, 1), 2)
        assert features.size > 0
    if least > 1:
        message = f"{nets.make(name, num_classes=2).__class__.__name__} needs images of at least "
        with pytest.raises(UserError, match=f"{message}{least}×{least}, got {least}×{least - 1}"):
            shapes_of(name, {}, (least, least - 1, 1), 2)


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_features_and_logits_are_float32_whatever_the_precision(name, precision):
    _, *outputs = shapes_of(name, {"precision": precision}, (32, 32, 1), 2)
    assert {x.dtype for x in outputs} == {jnp.dtype("float32")}


@pytest.mark.parametrize("norm", ["instance", "none"])
@pytest.mark.parametrize("name", nets.names())
def test_wider_images_widen_the_network(x64, name, norm):
    """Images of float64 and float16 meet parameters of float32, as an array of numpy does."""
    options = SMALL[name] | ({"norm": norm} if "norm" in nets.options(name) else {})
    net = nets.make(name, num_classes=3, **options)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 1))
    params = net.init(jax.random.key(0), images.astype(np.float32))
    wide = net.apply(params, images)
    assert wide.dtype == np.float64 and wide.shape == (2, 3)
    narrow = net.apply(params, images.astype(np.float32))
    np.testing.assert_allclose(wide, narrow, rtol=1e-3, atol=1e-4)
    assert net.apply(params, images.astype(np.float16)).dtype == np.float32


@pytest.mark.parametrize("name", ["convnet", "mlp"])
def test_pixels_that_are_not_normalised(name):
    net = nets.make(name, num_classes=3)
    with pytest.raises(UserError, match="take normalised floats, got uint8; see"):
        net.init(jax.random.key(0), np.zeros((1, 8, 8, 1), np.uint8))


@pytest.mark.parametrize("name", LEAST)
def test_a_precision_that_does_not_exist(name):
    net = type(nets.make(name, num_classes=2))(num_classes=2, precision="half")
    with pytest.raises(UserError, match="unknown precision 'half'"):
        jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, 32, 32, 1)))


@pytest.mark.parametrize("name", NORMED)
def test_every_norm_but_batch_keeps_images_apart(name):
    for norm in NORMS:
        variables, logits, _ = shapes_of(name, {"norm": norm, "width": 8}, (32, 32, 1), 2)
        assert logits.shape == (3, 2) and ("batch_stats" in variables) == (norm == "batch")


def torch_layers(torch, name, norm, side):
    """A network as PyTorch modules, in the order of our parameters, for colour images.

    Those of 28 pixels are padded to 32 by the first convolution, but for the MLP and the ResNet.
    """
    nn, more = torch.nn, (32 - side) // 2

    class Rows(nn.Module):
        """Flattens as images lie here, channels last."""

        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    def normed(channels):
        if norm == "none":
            return []
        make = {"instance": lambda c: nn.GroupNorm(c, c), "batch": nn.BatchNorm2d}[norm]
        return [make(channels)]

    def conv(c, o, size, padding):
        return [nn.Conv2d(c, o, size, padding=padding), *normed(o), nn.ReLU()]

    class Block(nn.Module):
        def __init__(self, c, o, stride):
            super().__init__()
            self.conv_0 = nn.Conv2d(c, o, 3, stride, 1, bias=False)
            self.norm_0 = normed(o)[0]
            self.conv_1 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
            self.norm_1 = normed(o)[0]
            if stride > 1 or c != o:
                self.conv_skip = nn.Conv2d(c, o, 1, stride, bias=False)
                self.norm_skip = normed(o)[0]

        def forward(self, x):
            y = self.norm_1(self.conv_1(self.norm_0(self.conv_0(x)).relu()))
            skip = self.norm_skip(self.conv_skip(x)) if hasattr(self, "conv_skip") else x
            return (y + skip).relu()

    if name == "mlp":
        hidden = [nn.Linear(3 * side**2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU()]
        return [Rows(), *hidden, nn.Linear(8, 3)]
    if name == "lenet":
        body = [
            nn.Conv2d(3, 6, 5, padding=more),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
        ]
        dense = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 3)]
        return [*body, nn.MaxPool2d(2), Rows(), *dense]
    if name == "alexnet":
        body = [*conv(3, 8, 5, 2 + more), nn.MaxPool2d(2), *conv(8, 12, 5, 2), nn.MaxPool2d(2)]
        body += [*conv(12, 16, 3, 1), *conv(16, 12, 3, 1), *conv(12, 12, 3, 1)]
        return [*body, nn.MaxPool2d(2), Rows(), nn.Linear(12 * 16, 3)]
    if name == "vgg11":
        body, channels = [], 3
        for plan in ("4", "8", "16 16", "32 32", "32 32"):
            for width in map(int, plan.split()):
                body += conv(channels, width, 3, 1 if body else 1 + more)
                channels = width
            body.append(nn.MaxPool2d(2))
        return [*body, Rows(), nn.Linear(32, 3)]
    blocks = [(4, 4, 1), (4, 4, 1), (4, 8, 2), (8, 8, 1), (8, 16, 2), (16, 16, 1)]
    blocks = [Block(*sizes) for sizes in [*blocks, (16, 32, 2), (32, 32, 1)]]
    stem = [nn.Conv2d(3, 4, 3, padding=1, bias=False), *normed(4), nn.ReLU()]
    return [*stem, *blocks, nn.AvgPool2d(4), Rows(), nn.Linear(32, 3)]


CASES = {
    "mlp": {"width": 8},
    "lenet": {},
    "alexnet": {"width": 8, "norm": "batch"},
    "vgg11": {"width": 4, "norm": "instance"},
    "resnet18": {"width": 4, "norm": "batch"},
}


@pytest.mark.parametrize("side", [28, 32])
@pytest.mark.parametrize("name", CASES)
def test_logits_equal_torchs(x64, name, side):
    torch = pytest.importorskip("torch")
    options = CASES[name]
    layers = torch_layers(torch, name, options.get("norm", "none"), side)
    theirs = torch.nn.Sequential(*layers).double().train()
    rng = np.random.default_rng(0)
    params, *_ = shapes_of(name, options, (side, side, 3), 3)
    params = jax.tree.map(lambda x: 0.3 * rng.normal(size=x.shape), params["params"])
    parts = [m for m in theirs.modules() if hasattr(m, "weight")]
    ours = list(_in_order(params))
    assert len(parts) == len(ours)
    with torch.no_grad():
        for module, values in zip(parts, ours, strict=True):
            for theirs_name, name_ in (("weight", "kernel"), ("weight", "scale"), ("bias", "bias")):
                if name_ in values:
                    value = torch.from_numpy(np.ascontiguousarray(values[name_].T))
                    if value.ndim == 4:  # from OWHI, as .T leaves it, to OIHW
                        value = value.permute(0, 1, 3, 2)
                    getattr(module, theirs_name).copy_(value)
        images = rng.normal(size=(4, side, side, 3))
        wanted = theirs(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    net = nets.make(name, num_classes=3, **options)
    params = jax.tree.map(jnp.asarray, params)
    got = jax.jit(lambda x: net.apply({"params": params}, x))(jnp.asarray(images))
    assert np.std(wanted) > 1e-2
    np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-8)


def _in_order(params):
    """The layers' parameters as PyTorch lists them: each convolution, then its norm, the head last.

    Names sort so, but for a norm's before the next convolution's.
    """

    def place(name):
        kind, _, number = name.rpartition("_")
        return (
            (name == "head", number, kind) if kind in ("conv", "norm") else (name == "head", name)
        )

    for name in sorted(params, key=place):
        layer = params[name]
        if isinstance(next(iter(layer.values())), dict):
            yield from _in_order(layer)
        else:
            yield layer


SMALL = {"alexnet": {"width": 8}, "mlp": {"width": 16}, "vgg11": {"width": 4}}
SMALL |= {"resnet18": {"width": 4}, "convnet": {"width": 8}, "lenet": {}}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(("side", "channels"), [(28, 1), (64, 3)], ids=["28-grey", "64-colour"])
def test_every_network_trains(name, channels, side):
    """A few steps of gradient descent lower the loss of two classes."""
    net, rng = nets.make(name, num_classes=2, **SMALL[name]), np.random.default_rng(0)
    labels = jnp.arange(8, dtype=jnp.int32) % 2
    images = rng.normal(size=(8, side, side, channels)).astype(np.float32)
    images = jnp.asarray(images + 2 * np.asarray(labels, np.float32)[:, None, None, None])
    params = jax.jit(net.init)(jax.random.key(0), images)["params"]

    @jax.jit
    def graded(params):
        def loss(params):
            return kernels.softmax_cross_entropy(net.apply({"params": params}, images), labels)

        return jax.value_and_grad(loss)(params)

    losses = []
    for _ in range(6):
        value, gradient = graded(params)
        params = jax.tree.map(lambda p, g: p - 0.02 * g, params, gradient)
        losses.append(float(value))
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
