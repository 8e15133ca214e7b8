"""Multi-formation: what an image stores, and what it is decoded to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import methods
from medjax.errors import UserError
from medjax.methods.formation import at_patch_size, decode_set
from medjax.types import SyntheticSet

KEY = jax.random.key(0)


def enlarged(patch, h, w):
    """Bilinear interpolation with half-pixel centres and clamped edges, pixel by pixel."""
    rows, columns, _ = patch.shape
    out = np.zeros((h, w, patch.shape[2]))
    for i in range(h):
        for j in range(w):
            y = min(max((i + 0.5) * rows / h - 0.5, 0), rows - 1)
            x = min(max((j + 0.5) * columns / w - 0.5, 0), columns - 1)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, rows - 1), min(x0 + 1, columns - 1)
            top = patch[y0, x0] * (1 - (x - x0)) + patch[y0, x1] * (x - x0)
            bottom = patch[y1, x0] * (1 - (x - x0)) + patch[y1, x1] * (x - x0)
            out[i, j] = top * (1 - (y - y0)) + bottom * (y - y0)
    return out


@pytest.mark.parametrize(("sides", "factor"), [((8, 8), 2), ((6, 9), 3), ((4, 4), 4)])
def test_decode_enlarges_each_patch(sides, factor):
    images = np.asarray(jax.random.normal(KEY, (3, *sides, 2)))
    found = methods.decode(jnp.asarray(images), factor=factor)
    rows, columns = (side // factor for side in sides)
    place = 0
    for i in range(factor):
        for j in range(factor):
            for image in images:
                patch = image[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
                np.testing.assert_allclose(found[place], enlarged(patch, *sides), atol=1e-5)
                place += 1
    assert place == len(found) == 3 * factor**2


def test_a_side_that_does_not_divide_is_padded_by_the_mean():
    images = jax.random.normal(KEY, (2, 5, 4, 1))
    found = methods.decode(images, factor=2)
    padded = jnp.pad(images, ((0, 0), (0, 1), (0, 0), (0, 0)))
    expected = jax.image.resize(padded[:, 3:, :2], (2, 5, 4, 1), "linear")
    np.testing.assert_allclose(found[4:6], expected, atol=1e-6)


def test_a_factor_of_one_changes_nothing():
    images = jax.random.normal(KEY, (2, 5, 4, 1))
    assert methods.decode(images, factor=1) is images is methods.pack(images, factor=1)
    syn = decode_set(SyntheticSet(images, jnp.arange(2)), factor=1)
    np.testing.assert_array_equal(syn.images, images)


@pytest.mark.parametrize("factor", [0, 1.5, 6, -1])
def test_an_impossible_factor(factor):
    with pytest.raises(UserError, match=r"^factor must be a whole number from 1 to 5, got "):
        methods.decode(jnp.zeros((1, 5, 7, 1)), factor=factor)


def test_it_is_linear_and_jits_and_maps():
    images = jax.random.normal(KEY, (2, 3, 6, 6, 1))
    mapped = jax.jit(jax.vmap(lambda x: methods.decode(x, factor=2)))(images)
    for one, found in zip(images, mapped, strict=True):
        np.testing.assert_allclose(found, methods.decode(one, factor=2), atol=1e-6)
    doubled = methods.decode(2 * images[0], factor=2)
    np.testing.assert_allclose(doubled, 2 * mapped[0], atol=1e-5)
    gradient = jax.grad(lambda x: methods.decode(x, factor=2).sum())(images[0])
    np.testing.assert_allclose(gradient, 4.0, rtol=1e-5)  # each pixel is enlarged to four


def test_pack_inverts_decode_for_smooth_images():
    values = jax.random.normal(KEY, (8, 1, 1, 3))
    images = values * jnp.ones((1, 6, 6, 1))
    packed = methods.pack(images, factor=2)
    assert packed.shape == (2, 6, 6, 3)
    np.testing.assert_allclose(methods.decode(packed, factor=2), images, atol=1e-6)


def test_at_patch_size_is_what_storing_leaves():
    images = jax.random.normal(KEY, (8, 6, 6, 1))
    stored = methods.decode(methods.pack(images, factor=2), factor=2)
    np.testing.assert_allclose(at_patch_size(images, factor=2), stored, atol=1e-6)


def test_the_labels_of_a_decoded_set_stay_in_order():
    images = jnp.arange(2.0)[:, None, None, None] * jnp.ones((1, 4, 4, 1))
    syn = decode_set(SyntheticSet(images, jnp.array([3, 5])), factor=2)
    assert syn.labels.tolist() == [3, 3, 3, 3, 5, 5, 5, 5]
    assert syn.images[:, 0, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    rows = decode_set(SyntheticSet(images, jnp.array([[1.0, 0.0], [0.0, 1.0]])), factor=2).labels
    assert rows.shape == (8, 2) and rows[3].tolist() == [1, 0] and rows[4].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["dm", "dc", "mtt"])
def test_a_mix_stores_distinct_real_images(name, make_net, make_real, real_by_class):
    real, net = make_real((8, 9)), make_net(2, depth=2)
    distiller = methods.make(name, net=net, ipc=2, factor=2, init="mix", **_MTT.get(name, {}))
    state = distiller.init(KEY, real)
    decoded = distiller.decode(SyntheticSet(state.images, state.labels))
    assert decoded.labels.tolist() == [0] * 8 + [1] * 8
    for label, images in enumerate(real_by_class(real)):
        small = np.asarray(at_patch_size(images, factor=2)).reshape(len(images), -1)
        own = np.asarray(decoded.images[8 * label : 8 * label + 8]).reshape(8, -1)
        nearest = np.abs(own[:, None] - small[None]).max(2)
        assert nearest.min(1).max() < 1e-5
        assert len(set(nearest.argmin(1))) == 8


def test_a_mix_of_too_few_images(make_net, make_real):
    distiller = methods.make("dm", net=make_net(2, depth=2), ipc=2, factor=2, init="mix")
    with pytest.raises(UserError, match="images of 4; use an ipc of at most 1 for it, or init=noi"):
        distiller.init(KEY, make_real((7, 9)))


def test_networks_match_the_decoded_images(make_net, make_real):
    """DM on stored images is DM on their patches, whose gradient is pulled back."""
    real, net = make_real((6, 6)), make_net(2, depth=2)
    options = {"augment": "none", "init": "noise", "learning_rate": 1.0, "momentum": 0.0}
    stored = methods.make("dm", net=net, ipc=1, factor=2, **options)
    plain = methods.make("dm", net=net, ipc=4, **options)
    state = stored.init(KEY, real)
    start = np.asarray(state.images)
    decoded = stored.decode(SyntheticSet(state.images, state.labels))
    other = plain.init(KEY, real)._replace(images=jnp.copy(decoded.images))
    moved, _ = stored.step(KEY, state, real, 1)
    expected, _ = plain.step(KEY, other, real, 1)
    _, pull = jax.vjp(lambda x: decode_set(SyntheticSet(x, jnp.arange(2)), factor=2).images, start)
    (pulled,) = pull(expected.images - decoded.images)
    np.testing.assert_allclose(moved.images - start, pulled, rtol=1e-3, atol=1e-5)


_MTT = {"mtt": {"num_experts": 1, "train_epochs": 3, "expert_epochs": 1, "max_start_epoch": 1}}
