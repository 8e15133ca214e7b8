"""The shared file: exact, deterministic, readable by NumPy alone, and checked when read."""

import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data
from medjax.errors import UserError
from medjax.share import SharedSet, load_synthetic, save_synthetic
from medjax.types import SyntheticSet

MEAN, STD = [0.5, 0.25, 0.75], [0.25, 0.5, 0.1]


@pytest.fixture
def synthetic():
    images = 2 * jax.random.normal(jax.random.key(0), (6, 5, 4, 3))
    return SyntheticSet(images, jnp.repeat(jnp.arange(3), 2))


@pytest.fixture
def path(tmp_path, synthetic):
    save_synthetic(tmp_path / "synthetic.npz", synthetic, mean=MEAN, std=STD)
    return tmp_path / "synthetic.npz"


def rewrite(path, **changes):
    with np.load(path) as archive:
        content = dict(archive) | changes
    np.savez(path, **{name: array for name, array in content.items() if array is not None})


def test_numpy_alone_reads_it(path, synthetic):
    with np.load(path, allow_pickle=False) as archive:
        content = dict(archive)
    assert {name: (x.dtype.name, x.shape) for name, x in content.items()} == {
        "images": ("float32", (6, 5, 4, 3)),
        "images_uint8": ("uint8", (6, 5, 4, 3)),
        "labels": ("int32", (6,)),
        "mean": ("float32", (3,)),
        "std": ("float32", (3,)),
    }
    expected = np.asarray(synthetic.images) * np.float32(STD) + np.float32(MEAN)
    np.testing.assert_allclose(content["images"], expected, rtol=1e-6, atol=1e-7)
    assert content["images"].min() < 0 and content["images"].max() > 1  # unclipped
    bytes_ = np.clip(np.floor(content["images"].astype(float) * 255 + 0.5), 0, 255)
    assert np.abs(content["images_uint8"] - bytes_).max() == 0
    assert content["images_uint8"].min() == 0 and content["images_uint8"].max() == 255


def test_normalised_is_what_was_saved(path, synthetic):
    shared = load_synthetic(path)
    assert isinstance(shared, SharedSet)
    back = shared.normalised()
    assert isinstance(back, SyntheticSet) and back.labels.dtype == jnp.int32
    assert back.images.dtype == jnp.float32
    np.testing.assert_array_equal(back.labels, synthetic.labels)
    # One rounding of the pixel to float32, seen through the division by the deviation.
    ulp = np.spacing(np.abs(shared.images)) / np.float32(STD)
    assert (np.abs(back.images - synthetic.images) <= ulp).all()


def test_same_arrays_same_bytes(tmp_path, path, synthetic, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(
        time, "localtime", lambda *_: time.struct_time((2033, 5, 18, 0, 0, 0, 2, 138, 0))
    )
    save_synthetic(tmp_path / "later.npz", synthetic, mean=np.array(MEAN), std=jnp.array(STD))
    assert (tmp_path / "later.npz").read_bytes() == path.read_bytes()


def test_fortran_order_makes_no_difference(tmp_path, path, synthetic):
    images = np.asfortranarray(synthetic.images)
    save_synthetic(tmp_path / "f.npz", SyntheticSet(images, synthetic.labels), mean=MEAN, std=STD)
    assert (tmp_path / "f.npz").read_bytes() == path.read_bytes()


def test_x64_writes_the_same_types(tmp_path, x64):
    synthetic = SyntheticSet(jnp.zeros((2, 3, 3, 1)), jnp.arange(2))
    assert synthetic.images.dtype == jnp.float64
    save_synthetic(tmp_path / "s.npz", synthetic, mean=[0.5], std=[0.5])
    shared = load_synthetic(tmp_path / "s.npz")
    assert (shared.images.dtype, shared.labels.dtype) == (np.float32, np.int32)
    assert shared.normalised().images.dtype == jnp.float32


def test_a_learned_step_size_goes_with_the_images(tmp_path, synthetic, path):
    options = {"mean": MEAN, "std": STD}
    save_synthetic(tmp_path / "s.npz", synthetic, step_size=0.02, **options)
    shared = load_synthetic(tmp_path / "s.npz")
    assert shared.step_size.shape == () and shared.step_size == np.float32(0.02)
    assert shared.step_size.dtype == np.float32
    np.testing.assert_array_equal(shared.images, load_synthetic(path).images)
    assert load_synthetic(path).step_size is load_synthetic(path).zca is None
    with pytest.raises(UserError, match=r"step_size must be positive, got -0\.5"):
        save_synthetic(tmp_path / "s.npz", synthetic, step_size=-0.5, **options)


def test_whitened_images_come_with_what_whitens_them(tmp_path, synthetic):
    pixels = np.random.default_rng(0).integers(0, 255, (80, 5, 4, 3), np.uint8)
    whitening = data.fit_whitening(pixels, zca="mtt")
    path = tmp_path / "s.npz"
    save_synthetic(path, synthetic, mean=MEAN, std=STD, whitening=whitening)
    with np.load(path, allow_pickle=False) as archive:
        content = dict(archive)
    assert str(content["zca"]) == "mtt" and content["zca_matrix"].shape == (60, 60)
    flat = content["images"].reshape(6, -1)
    white = (flat - content["zca_mean"]) @ content["zca_matrix"]
    np.testing.assert_allclose(white.reshape(6, 5, 4, 3), synthetic.images, atol=1e-4)
    np.testing.assert_allclose(
        load_synthetic(path).normalised().images, synthetic.images, atol=1e-4
    )
    rewrite(path, zca_matrix=np.zeros((3, 3), np.float32))
    with pytest.raises(UserError, match=r"zca_mean and zca_matrix must be \[60\] and \[60, 60\]"):
        load_synthetic(path)


@pytest.mark.parametrize(("dtype", "stored"), [(jnp.int32, np.int32), (jnp.float32, np.float32)])
def test_label_rows(tmp_path, dtype, stored):
    rows = jnp.array([[1, 0, 1], [0, 0, 0]], dtype)
    save_synthetic(
        tmp_path / "s.npz", SyntheticSet(jnp.zeros((2, 3, 3, 1)), rows), mean=[0.5], std=[0.5]
    )
    labels = load_synthetic(tmp_path / "s.npz").labels
    assert labels.dtype == stored
    np.testing.assert_array_equal(labels, rows)


@pytest.mark.parametrize(
    ("images", "labels", "mean", "std", "message"),
    [
        (jnp.full((2, 3, 3, 1), jnp.nan), jnp.arange(2), [0.5], [0.5], "images has values that"),
        (jnp.zeros((2, 9)), jnp.arange(2), [0.5], [0.5], r"images must be \[n, h, w, c\]"),
        (jnp.zeros((2, 3, 3, 1)), jnp.arange(3), [0.5], [0.5], r"labels must be .* got \[3\]"),
        (jnp.zeros((2, 3, 3, 1)), jnp.arange(2), [0.5] * 3, [0.5] * 3, r"std must be \[1\], got"),
        (jnp.zeros((2, 3, 3, 1)), jnp.arange(2), [0.5], [0.0], r"std must be positive, got \[0"),
    ],
)
def test_nonsense_is_not_written(tmp_path, images, labels, mean, std, message):
    with pytest.raises(UserError, match=f"^cannot write [^\n]*{message}[^\n]*$"):
        save_synthetic(tmp_path / "s.npz", SyntheticSet(images, labels), mean=mean, std=std)
    assert list(tmp_path.iterdir()) == []


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"^there is no file \S+none.npz$"):
        load_synthetic(tmp_path / "none.npz")


def test_folder(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*: Is a directory"):
        load_synthetic(tmp_path)


@pytest.mark.parametrize("keep", [0, 3, 100, 500, -30])
def test_truncated(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"^\S+ is not a readable .npz file \(.*download that stop"):
        load_synthetic(path)


def test_flipped_pixel_is_noticed(path):
    content = bytearray(path.read_bytes())
    content[400] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="Bad CRC"):
        load_synthetic(path)


def test_other_files(tmp_path, path):
    rewrite(path, std=None, labels=None)
    with pytest.raises(UserError, match=r"is not a synthetic set: it has no labels, std$"):
        load_synthetic(path)
    np.save(tmp_path / "plain.npy", np.ones(3))
    with pytest.raises(UserError, match="it is a single array"):
        load_synthetic(tmp_path / "plain.npy")


def test_pickles_are_refused(path):
    rewrite(path, labels=np.array([{}] * 6, object))
    with pytest.raises(UserError, match="labels holds Python objects"):
        load_synthetic(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((6, 5, 4, 3))}, "images must be float32 or int32, got float64"),
        ({"images": np.full((6, 5, 4, 3), np.inf, np.float32)}, "images has values"),
        ({"labels": np.arange(5, dtype=np.int32)}, r"labels must be .*n = 6, got \[5\]"),
    ],
)
def test_wrong_content(path, change, message):
    rewrite(path, **change)
    with pytest.raises(UserError, match=f"is not a synthetic set: {message}"):
        load_synthetic(path)


def test_share_loads_no_heavy_package():
    script = (
        "import sys, medjax.share\n"
        "print([m for m in ('orbax', 'flax', 'optax', 'matplotlib') if m in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == "[]"
