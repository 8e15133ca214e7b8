"""ZCA in its three definitions, against numpy written out, and through a data set."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.errors import UserError

RNG = np.random.default_rng(0)
SMOOTH = RNG.normal(size=(12, 12)) * 40  # correlates the pixels


def images_of(number, seed=0):
    noise = np.random.default_rng(seed).normal(size=(number, 12)) @ SMOOTH + 120
    return np.clip(noise, 0, 255).astype(np.uint8).reshape(number, 2, 3, 2)


TRAIN = images_of(200)


def flat(images):
    return images.reshape(len(images), -1) / 255.0


def written_out(images, zca):
    """Computes the matrix of the definition from the singular values of the covariance."""
    x = flat(images)
    if zca == "frepo":
        channels = images.reshape(-1, images.shape[-1]) / 255.0
        std = np.tile(channels.std(0), x.shape[1] // len(channels.std(0)))
        x = (x - np.tile(channels.mean(0), len(std) // images.shape[-1])) / std
        covariance = x.T @ x / len(x)
        epsilon = 0.1 * np.trace(covariance) / len(covariance)
    else:
        x, std = x - x.mean(0), np.ones(x.shape[1])
        covariance, epsilon = x.T @ x / (len(x) - 1), {"mtt": 0.1, "ddranking": 1e-6}[zca]
    u, s, _ = np.linalg.svd(covariance)
    s = s + epsilon
    if zca == "frepo":
        s[len(images) :] = 1
    return np.diag(1 / std) @ u @ np.diag(s**-0.5) @ u.T


@pytest.mark.parametrize("number", [200, 7])
@pytest.mark.parametrize("zca", data.ZCA[1:])
def test_the_matrix_is_that_of_the_definition(zca, number):
    if (zca, number) == ("ddranking", 7):
        pytest.skip("with fewer images than pixels its smallest eigenvalues are rounding")
    fitted = data.fit_whitening(TRAIN[:number], zca=zca)
    np.testing.assert_allclose(
        fitted.matrix, written_out(TRAIN[:number], zca), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(fitted.matrix @ fitted.inverse, np.eye(12), atol=1e-3)


def test_almost_no_epsilon_is_white():
    fitted = data.fit_whitening(TRAIN, zca="ddranking")
    white = flat(fitted.whiten(TRAIN)) * 255
    np.testing.assert_allclose(np.cov(white.T), np.eye(12), atol=1e-2)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-4)


@pytest.mark.parametrize("zca", data.ZCA[1:])
def test_back_to_pixels(zca):
    fitted = data.fit_whitening(TRAIN, zca=zca)
    white = fitted.whiten(TRAIN[:5])
    assert white.dtype == np.float32 and white.shape == (5, 2, 3, 2)
    np.testing.assert_allclose(fitted.unwhiten(white), TRAIN[:5] / 255.0, atol=1e-4)
    np.testing.assert_allclose(fitted.whiten(TRAIN[:5] / 255.0), white, atol=1e-4)


def test_many_images_are_processed_in_chunks(monkeypatch):
    whole = data.fit_whitening(TRAIN, zca="mtt")
    monkeypatch.setattr("medjax.data.prepare.zca_whitening._CHUNK_ROWS", 64)
    parts = data.fit_whitening(TRAIN, zca="mtt")
    np.testing.assert_allclose(parts.matrix, whole.matrix, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(parts.whiten(TRAIN), whole.whiten(TRAIN), atol=1e-5)


@pytest.fixture(scope="module")
def dataset():
    return data.load("phantom")


def test_every_split_is_whitened_by_train_alone(dataset):
    whitened, fitted = data.whiten(dataset, zca="mtt")
    assert fitted.zca == "mtt"
    for name in ("train", "val", "test"):
        ours, raw = getattr(whitened, name), getattr(dataset, name)
        np.testing.assert_array_equal(ours.images, fitted.whiten(raw.images))
        np.testing.assert_array_equal(ours.labels, raw.labels)
    assert whitened.mean.tolist() == [0.0] and whitened.std.tolist() == [1.0]
    other = dataclasses.replace(dataset, test=data.Split(255 - dataset.test.images, None))
    np.testing.assert_array_equal(data.whiten(other, zca="mtt")[1].matrix, fitted.matrix)


def test_without_val(dataset):
    assert data.whiten(dataclasses.replace(dataset, val=None), zca="mtt")[0].val is None


def test_none_is_none(dataset):
    assert data.whiten(dataset, zca="none") == (dataset, None)


def test_unsuitable_data_is_refused(dataset, tmp_path):
    with pytest.raises(UserError, match=r"unknown zca 'mt' \(did you mean 'mtt'\?\)"):
        data.whiten(dataset, zca="mt")
    with pytest.raises(UserError, match=r"^zca takes at most 4096 numbers .* got 12288; .* it$"):
        data.fit_whitening(np.zeros((2, 64, 64, 3), np.uint8), zca="mtt")
    np.save(tmp_path / "x.npy", dataset.test.images)
    mapped = data.Split(np.load(tmp_path / "x.npy", mmap_mode="r"), dataset.test.labels)
    with pytest.raises(UserError, match="zca needs images in memory"):
        data.whiten(dataclasses.replace(dataset, test=mapped), zca="mtt")
