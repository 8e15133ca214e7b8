"""The snippets of a bundle's page: each is taken from the page, run, and its images trained on.

The set is DM of the phantom, 5 images a class; its card has the scores of ten networks.
"""

import importlib.util
import json
import re
import types
import zipfile

import numpy as np
import pytest

from medjax import data
from medjax.share import archive, load
from medjax.share.bundle import contents
from medjax.share.bundle.card import describe_images

NETWORKS = 3
# 8-bit images differ by half a grey level, and where floats leave 0–1.
FLOAT, EIGHT_BIT = "float", "eight bits"
KINDS = {
    "NumPy": FLOAT,
    "PyTorch": FLOAT,
    "JAX": FLOAT,
    "Keras": FLOAT,
    "MONAI": EIGHT_BIT,
    "Hugging Face datasets": EIGHT_BIT,
}
LIBRARIES = {"PyTorch": "torch", "Keras": "keras", "MONAI": "monai"}
LIBRARIES |= {"Hugging Face datasets": "datasets"}
# MONAI and tensorflow warn of themselves as they are imported.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def case(golden, tmp_path_factory):
    """The bundle unpacked, its card and its images, and the test images of the phantom."""
    arrays = golden("phantom_bundle")
    card = json.loads(str(arrays.pop("card")))
    shared = data.SharedSet(**arrays)
    test = data.load("phantom").test
    inputs = np.asarray((test.images / np.float32(255) - shared.mean) / shared.std, np.float32)
    made = unpacked(shared, card, tmp_path_factory.mktemp("phantom"))
    made.test = (inputs, test.labels)
    return made


def unpacked(shared, card, folder):
    archive.write(folder / "a.zip", contents.entries(shared, card))
    with zipfile.ZipFile(folder / "a.zip") as file:
        file.extractall(folder)
    found = load(folder / "a.zip")
    return types.SimpleNamespace(
        folder=folder,
        card=card,
        shared=shared,
        images=np.asarray(found.images),
        labels=np.asarray(found.labels),
        clipped=(np.clip(shared.images, 0, 1) - shared.mean) / shared.std,
        std=float(shared.std.min()),
    )


@pytest.fixture
def snippet(case, monkeypatch):
    """``snippet("NumPy")`` runs a snippet in the folder, and returns its names."""
    monkeypatch.setenv("HF_HOME", str(case.folder.parent / "cache"))
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(threads, "1")  # of a busy machine

    def run(title, of=case):
        if title in LIBRARIES:
            pytest.importorskip(LIBRARIES[title], reason="needs the extra [loaders]")
        monkeypatch.chdir(of.folder)
        page = (of.folder / "README.md").read_text()
        (code,) = re.findall(rf"^### {title}$.*?^```python\n(.*?)^```$", page, re.M | re.S)
        names = {}
        exec(code, names)
        return names

    return run


def arrays_of(names, title):
    """The images of a snippet as ``[n, h, w, c]``, and the labels."""
    images = names["images"]
    if title in ("PyTorch", "MONAI"):
        images = np.stack([np.asarray(image) for image in images]).transpose(0, 2, 3, 1)
    return np.asarray(images), np.asarray(names["labels"])


def check(names, title, of):
    """Compares the images and the labels of a snippet with those of the bundle."""
    images, labels = arrays_of(names, title)
    assert images.dtype == np.float32 and labels.tolist() == of.labels.tolist()
    wanted = of.images if KINDS[title] == FLOAT else of.clipped
    most = 1e-6 if KINDS[title] == FLOAT else 0.51 / 255 / of.std
    np.testing.assert_allclose(images, wanted, atol=most)


@pytest.mark.parametrize("title", KINDS)
def test_it_loads_the_images(case, snippet, title):
    check(snippet(title), title, case)


def rgb(shared, card):
    pixels = np.concatenate([shared.images, 1 - shared.images, shared.images / 2], axis=-1)
    colours = np.arange(3, dtype=np.float32) / 10
    mean, std = shared.mean + colours, shared.std + colours
    return shared._replace(images=pixels, mean=mean, std=std), card


def rows_of_findings(shared, card):
    labels = np.eye(4, dtype=np.float32)[shared.labels]
    labels[::3, 0] = 1
    data_ = {**card["data"], "task": "multi-label, binary-class"}
    return shared._replace(labels=labels), {**card, "data": data_}


def probabilities(shared, card):
    labels = np.full((len(shared.labels), 4), 1 / 8, np.float32)
    labels[np.arange(len(labels)), shared.labels] = 5 / 8
    return shared._replace(labels=labels), card


def whitened(shared, card):
    size = shared.images[0].size
    mean = np.linspace(0, 1, size, dtype=np.float32)
    matrix = np.eye(size, k=1, dtype=np.float32) + 2 * np.eye(size, dtype=np.float32)
    zca = {"zca": np.asarray("zca"), "zca_mean": mean, "zca_matrix": matrix}
    return shared._replace(**zca), card


@pytest.mark.parametrize("kind", [rgb, rows_of_findings, probabilities, whitened])
def test_it_loads_sets_of_other_kinds(case, snippet, tmp_path, kind):
    shared, card = kind(case.shared, case.card)
    multi_label = card["data"]["task"].startswith("multi-label")
    described = describe_images(shared, multi_label=multi_label)
    of, tried = unpacked(shared, {**card, "images": described}, tmp_path), 0
    for title in ("NumPy", "PyTorch", "JAX", "Keras", "MONAI", "Hugging Face datasets"):
        if title in LIBRARIES and importlib.util.find_spec(LIBRARIES[title]) is None:
            continue
        if kind is whitened and KINDS[title] == EIGHT_BIT:
            assert f"### {title}" not in (of.folder / "README.md").read_text()
        else:
            check(snippet(title, of), title, of)
        tried += 1
    assert tried >= 2


def judge(case, title, scores, *, differs=""):
    """Compares the mean score of some networks with the card's, unless something else differs."""
    said = case.card["scores"]["set"]["accuracy"]
    mean = float(np.mean(scores))
    print(f"{title} | {mean:.3f} ± {np.std(scores):.3f} | {said['mean']:.3f} ± {said['std']:.3f}")
    if not differs:
        assert abs(mean - said["mean"]) <= said["std"]
    assert mean > 1.5 / len(case.card["data"]["classes"])


def test_numpy_trains(case, snippet):
    """Softmax regression by gradient descent: a linear model, and no network."""
    names = snippet("NumPy")
    images, labels = names["images"].reshape(len(names["images"]), -1), names["labels"]
    weights, targets = np.zeros((images.shape[1], 4), np.float32), np.eye(4)[labels]
    for _ in range(300):
        odds = np.exp(images @ weights - (images @ weights).max(axis=1, keepdims=True))
        chosen = odds / odds.sum(axis=1, keepdims=True)
        weights -= 0.01 * images.T @ (chosen - targets) / len(images)
    inputs, wanted = case.test
    found = (inputs.reshape(len(inputs), -1) @ weights).argmax(axis=1)
    judge(case, "NumPy", [(found == wanted).mean()], differs="a linear model")


def train_torch(case, images, labels):
    """The accuracy of ConvNets of the card's width and recipe, written in torch."""
    import torch

    torch.set_num_threads(1)  # of a busy machine
    recipe, scores = case.card["training"]["recipe"], []
    inputs = torch.from_numpy(case.test[0]).permute(0, 3, 1, 2)
    for seed in range(NETWORKS):
        torch.manual_seed(seed)
        parts, channels = [], images.shape[1]
        for block in range(3):
            parts += [torch.nn.Conv2d(channels, 16, 3, padding=1 if block else 3)]
            parts += [torch.nn.GroupNorm(16, 16), torch.nn.ReLU(), torch.nn.AvgPool2d(2)]
            channels = 16
        net = torch.nn.Sequential(*parts, torch.nn.Flatten(), torch.nn.Linear(16 * 4 * 4, 4))
        kept = {name: recipe[name] for name in ("momentum", "weight_decay")}
        optimiser = torch.optim.SGD(net.parameters(), lr=recipe["learning_rate"], **kept)
        halves = torch.optim.lr_scheduler.StepLR(optimiser, recipe["epochs"] // 2)
        for _ in range(recipe["epochs"]):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(images), labels).backward()
            optimiser.step()
            halves.step()
        with torch.no_grad():
            found = net(inputs).argmax(dim=1).numpy()
        scores.append((found == case.test[1]).mean())
    return scores


def test_torch_trains(case, snippet):
    names = snippet("PyTorch")
    judge(case, "PyTorch", train_torch(case, names["images"], names["labels"]))


def test_monai_trains(case, snippet):
    names = snippet("MONAI")
    from monai.data import DataLoader

    (batch,) = DataLoader(names["dataset"], batch_size=len(names["dataset"]))
    scores = train_torch(case, batch["image"].as_tensor(), batch["label"])
    judge(case, "MONAI", scores)


def test_datasets_trains(case, snippet):
    names = snippet("Hugging Face datasets")
    torch = pytest.importorskip("torch", reason="needs the extra [torch]")
    images = torch.from_numpy(names["images"]).permute(0, 3, 1, 2)
    labels = torch.from_numpy(names["labels"]).long()
    judge(case, "Hugging Face datasets", train_torch(case, images, labels))


def test_keras_trains(case, snippet):
    names = snippet("Keras")
    keras, recipe, scores = names["keras"], case.card["training"]["recipe"], []
    for seed in range(NETWORKS):
        keras.utils.set_random_seed(seed)
        layers = [names["inputs"], keras.layers.ZeroPadding2D(2)]
        decay = keras.regularizers.L2(recipe["weight_decay"] / 2)
        for _ in range(3):
            layers += [keras.layers.Conv2D(16, 3, padding="same", kernel_regularizer=decay)]
            layers += [keras.layers.GroupNormalization(groups=16, epsilon=1e-5)]
            layers += [keras.layers.ReLU(), keras.layers.AveragePooling2D(2)]
        layers += [keras.layers.Flatten(), keras.layers.Dense(4, kernel_regularizer=decay)]
        model, (first, *rest) = keras.Sequential(), layers
        model.add(first)
        for layer in rest:
            model.add(layer)
        rate = keras.optimizers.schedules.PiecewiseConstantDecay(
            [recipe["epochs"] // 2], [recipe["learning_rate"], recipe["learning_rate"] / 10]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimiser = keras.optimizers.SGD(rate, momentum=recipe["momentum"])
        model.compile(optimiser, loss)
        for _ in range(recipe["epochs"]):  # of one batch each; model.fit takes longer
            model.train_on_batch(names["images"], names["labels"])
        found = model.predict(case.test[0], batch_size=100, verbose=0).argmax(axis=1)
        scores.append((found == case.test[1]).mean())
    judge(case, "Keras", scores)


def test_jax_trains(case, snippet):
    names = snippet("JAX")
    import jax
    import optax

    from medjax import kernels, nets

    recipe = case.card["training"]["recipe"]
    net = nets.make("convnet", num_classes=4, width=16, depth=3)
    first, half = np.float32(recipe["learning_rate"]), recipe["epochs"] // 2

    def rate(step):
        return jax.numpy.where(step < half, first, first / 10)

    rule = optax.chain(
        optax.add_decayed_weights(recipe["weight_decay"]), optax.sgd(rate, recipe["momentum"])
    )

    @jax.jit
    def train(key):
        def loss(params):
            logits = net.apply({"params": params}, names["images"])
            return kernels.softmax_cross_entropy(logits, names["labels"])

        def step(state, _):
            params, rest = state
            change, rest = rule.update(jax.grad(loss)(params), rest, params)
            return (optax.apply_updates(params, change), rest), None

        params = net.init(key, names["images"])["params"]
        (params, _), _ = jax.lax.scan(step, (params, rule.init(params)), length=recipe["epochs"])
        return net.apply({"params": params}, case.test[0]).argmax(axis=1)

    found = [np.asarray(train(jax.random.key(seed))) for seed in range(NETWORKS)]
    judge(case, "JAX", [(x == case.test[1]).mean() for x in found])
