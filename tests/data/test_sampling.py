"""Class batches: right rows, without replacement, weights that make masked means true."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax.data import Split, class_indices, group_indices, real_data, sample_class
from medjax.errors import UserError

LABELS = np.array([2, 0, 1, 2, 2, 0, 2, 0, 0, 2], np.int32)  # counts 4, 1, 5


@pytest.fixture
def real():
    """Image ``i`` is constant ``i``; normalised by mean 0, std 1/255 it reads ``i`` again."""
    images = np.broadcast_to(np.arange(10, dtype=np.uint8)[:, None, None, None], (10, 2, 2, 1))
    stats = {"mean": np.zeros(1, np.float32), "std": np.full(1, 1 / 255, np.float32)}
    return real_data(Split(images.copy(), LABELS), num_classes=3, **stats)


def _rows(images):
    return np.rint(np.asarray(images)[..., 0, 0, 0]).astype(int)


def test_class_indices_are_the_rows_in_order():
    rows = class_indices(LABELS, num_classes=4)
    assert [r.tolist() for r in rows] == [[1, 5, 7, 8], [2], [0, 3, 4, 6, 9], []]


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0, 3], "labels must lie in 0–2, got 0–3"), ([-1, 0], "got -1–0"), ([[0, 1]], r"\(1, 2\)")],
)
def test_class_indices_refuse_bad_labels(labels, message):
    with pytest.raises(UserError, match=message):
        class_indices(np.array(labels), num_classes=3)


def test_an_image_without_a_known_finding_is_in_no_group():
    rows = np.array([[1, -1], [0, 0], [-1, 0], [-1, 1], [-1, -1], [0, 1]])
    groups = group_indices(rows, num_classes=2)
    assert [group.tolist() for group in groups] == [[0], [3, 5], [1]]
    assert len(group_indices(rows[[0, 2, 3]], num_classes=2)) == 2  # nobody surely has nothing


def test_index_repeats_the_rows_of_small_classes(real):
    assert real.counts.tolist() == [4, 1, 5]
    assert real.index.tolist() == [[1, 5, 7, 8, 1], [2] * 5, [0, 3, 4, 6, 9]]
    assert (real.images.dtype, real.labels.dtype) == (jnp.uint8, jnp.int32)
    assert (real.index.dtype, real.counts.dtype) == (jnp.int32, jnp.int32)


def test_an_empty_class_is_named():
    split = Split(np.zeros((2, 2, 2, 1), np.uint8), np.array([0, 2], np.int32))
    with pytest.raises(UserError, match="class 1 has no image"):
        real_data(split, num_classes=3, mean=np.zeros(1), std=np.ones(1))


@pytest.mark.parametrize("class_id", [0, 1, 2])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_draws_without_replacement_and_masks_the_rest(real, class_id, batch):
    draw = jax.jit(functools.partial(sample_class, batch=batch))
    size, count = min(batch, 5), int(real.counts[class_id])
    for seed in range(8):
        images, weights = draw(jax.random.key(seed), real, class_id)
        assert images.shape == (size, 2, 2, 1)
        np.testing.assert_array_equal(
            weights, [1.0] * min(size, count) + [0.0] * max(size - count, 0)
        )
        drawn = _rows(images)[np.asarray(weights) == 1].tolist()
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) <= set(np.flatnonzero(class_id == LABELS).tolist())
        assert (LABELS[_rows(images)] == class_id).all()  # padding too, were it ever looked at


def test_a_weighted_mean_is_the_mean_of_a_small_class(real):
    images, weights = sample_class(jax.random.key(0), real, 0, batch=256)
    mean = (images[:, 0, 0, 0] * weights).sum() / weights.sum()
    np.testing.assert_allclose(mean, np.mean([1, 5, 7, 8]), rtol=1e-6)


@pytest.mark.parametrize("class_id", [0, 2])
def test_every_row_is_drawn_equally_often(real, class_id):
    keys = jax.random.split(jax.random.key(1), 3000)
    images, _ = jax.vmap(lambda key: sample_class(key, real, class_id, batch=2))(keys)
    rows = np.flatnonzero(class_id == LABELS)
    counts = np.bincount(_rows(images).ravel(), minlength=10)[rows]
    share = 2 / len(rows)
    assert counts.sum() == 6000
    np.testing.assert_allclose(counts, 3000 * share, atol=5 * np.sqrt(3000 * share * (1 - share)))


def test_vmap_and_map_over_classes_equal_the_loop(real):
    key, draw = jax.random.key(7), functools.partial(sample_class, batch=4)
    keys, ids = jax.random.split(key, 3), jnp.arange(3)
    looped = [draw(k, real, c) for k, c in zip(keys, range(3), strict=True)]
    expected = jax.tree.map(lambda *leaves: jnp.stack(leaves), *looped)
    for mapped in (
        jax.vmap(draw, in_axes=(0, None, 0))(keys, real, ids),
        jax.jit(lambda: jax.lax.map(lambda kc: draw(kc[0], real, kc[1]), (keys, ids)))(),
    ):
        np.testing.assert_array_equal(_rows(mapped[0]), _rows(expected[0]))
        np.testing.assert_array_equal(mapped[1], expected[1])


def test_the_key_alone_decides(real):
    draw = functools.partial(sample_class, batch=3)
    first, again = (_rows(draw(jax.random.key(5), real, 2)[0]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    others = [_rows(draw(jax.random.key(k), real, 2)[0]).tolist() for k in range(8)]
    assert len(set(map(tuple, others))) > 1


def test_works_with_float64_switched_on(x64, real):
    images, weights = sample_class(jax.random.key(0), real, jnp.int32(2), batch=3)
    assert images.dtype == weights.dtype == jnp.float32
