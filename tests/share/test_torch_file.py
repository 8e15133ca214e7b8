"""Files of torch: tensors in dicts and lists, and one line for all else."""

import pathlib
import sys

import numpy as np
import pytest

from medjax.data.npz.kinds import is_torch
from medjax.errors import UserError
from medjax.share import read_preparation, read_set, torch_file

torch = pytest.importorskip("torch", reason="needs torch: pip install -e '.[torch]'")
IMAGES = np.random.default_rng(0).random((4, 3, 8, 9), np.float32)
LABELS = np.array([0, 0, 1, 1])
X, Y = torch.tensor(IMAGES), torch.tensor(LABELS)
SETS = {
    "a dict": {"images": X, "labels": Y, "epoch": 3, "note": "x", "args": {"lr": 0.1}},
    "a tuple": (X, Y),
    "a list": [X, Y],
    "a dict of names from elsewhere": {"image_syn": X, "label_syn": Y},
    "a list of sets": [[X, Y]],
    "lists in a dict": {"data": [[X, Y]], "accs_all_exps": {"ConvNet": []}},
    "a pair in a dict": {"data": (X, Y), "step": 1},
    "a tensor for each image": {"images": list(X), "labels": LABELS.tolist()},
    "a tensor for each class": {"images": [X[:2], X[2:]], "labels": [Y[:2], Y[2:]]},
    "classes of two sizes": {"images": [X[:1], X[1:]], "labels": [Y[:1], Y[1:]]},
    "tensors that are learned": {"images": X.clone().requires_grad_(), "labels": Y.float()},
    "float64": {"images": X.double(), "labels": Y.int()},
    "views": {"images": X.permute(0, 2, 3, 1), "labels": Y[:, None]},
}


def save(content, name="set.pt", **options):
    torch.save(content, name, **options)
    return pathlib.Path(name)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("content", SETS.values(), ids=SETS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_sets(content, old):
    path = save(content, "set.npz" if old else "set.pth", _use_new_zipfile_serialization=not old)
    assert is_torch(path)
    images, labels, *_ = read_set(path, classes=("a", "b"))
    np.testing.assert_array_equal(images, IMAGES.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(labels, LABELS)
    assert not read_preparation(path).steps


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(dtype):
    images, _ = torch_file.read(save({"images": X.to(getattr(torch, dtype)), "labels": Y}))
    np.testing.assert_allclose(images["images"], IMAGES, atol=2e-2)


def test_bytes_and_what_was_learned_with_them():
    content = {"images": (255 * X).round().byte(), "labels": Y, "step_size": 0.5}
    content |= {"mean": torch.zeros(3), "std": [1.0, 1.0, 1.0]}
    with pytest.warns(UserWarning, match="channels first"):
        read = read_set(save(content), classes=("a", "b"))
    np.testing.assert_allclose(read.images.transpose(0, 3, 1, 2), IMAGES, atol=1 / 500)
    assert read.step_size == 0.5 and read.stats[1].tolist() == [1, 1, 1]


def test_the_first_of_several_sets():
    for content in ([[X, Y], [X + 1, Y]], {"data": [[X, Y], [X + 1, Y]]}):
        found, (note,) = torch_file.read(save(content))
        np.testing.assert_array_equal(found["images"], IMAGES)
        assert note == "the first of its 2 sets is read"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": X}, "it has no labels; its arrays: images"),
        ({"model": X, "labels": Y}, "it has no images; its arrays: model, labels"),
        (
            {f"w{i}": X for i in range(12)},
            "its arrays: w0, w1, w2, w3, w4, w5, w6, w7, w8, w9 and 2 more",
        ),
        (X, "it has no images; its arrays: none"),
        ([X, X], "it has no images; its arrays: none"),
        ({"images": X, "labels": Y[:3]}, "labels must be [n] with n = 4, got [3]"),
        ({"data": pathlib.PurePosixPath("a")}, "or holds more than tensors, lists and dicts; save"),
    ],
)
def test_what_is_no_set(content, message):
    with pytest.raises(UserError) as caught:
        read_set(save(content), classes=("a", "b"))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_damage():
    path = save((X, Y))
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(UserError, match=r"set\.pt is not a readable .npz file \(it is cut short"):
        read_set(path, classes=("a", "b"))
    start = whole.index(b"ctorch") + 2
    path.write_bytes(whole[:start] + b"?" + whole[start + 1 :])
    with pytest.raises(UserError, match=r"^cannot read set\.pt: it is damaged"):
        read_set(path, classes=("a", "b"))


def test_without_torch(monkeypatch):
    path = save((X, Y), "set.npz")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UserError) as caught:
        read_set(path, classes=("a", "b"))
    said = str(caught.value)
    assert (
        said.startswith("set.npz is a file of torch, which is not installed") and "\n" not in said
    )
    assert "np.savez('synthetic.npz', images=images.numpy(), labels=labels.numpy())" in said
