"""Every kernel refuses arrays of the wrong rank, length, width or dtype."""

import chex
import jax.numpy as jnp
import pytest

from medjax import kernels

IMAGES, LABELS, ROWS = jnp.ones((4, 2, 2, 1)), jnp.zeros(4, jnp.int32), jnp.zeros((4, 2))
PARAMS = jnp.zeros((4, 2))


def apply_fn(params, images):
    return images.reshape(len(images), -1) @ params


def trajectory_loss(images, labels, *, target=PARAMS + 1, rate=0.5):
    return kernels.trajectory_loss(apply_fn, PARAMS, target, images, labels, rate, num_steps=1)


def loss_gradient(*args, **options):
    return kernels.loss_gradient(apply_fn, PARAMS, *args, **options)


def matching_loss(*args, **options):
    return kernels.matching_loss(apply_fn, PARAMS, *args, **options)


def mean_loss(*args, **options):
    return kernels.mean_embedding_loss(apply_fn, PARAMS, *args, **options)


def conditional_loss(*args, **options):
    return kernels.conditional_embedding_loss(apply_fn, PARAMS, *args, **options)


def mean_embedding(*args, **options):
    return kernels.mean_embedding(apply_fn, PARAMS, *args, **options)


def characteristic(*args, **options):
    return kernels.characteristic_distance(*args, **options)


BATCH, TREES = (IMAGES, LABELS), ({"a": jnp.ones((3, 1))}, {"a": jnp.ones((3, 2))})
XS = {"a": jnp.ones(4), "b": jnp.ones(3)}
WRONG = {
    "chunked_map": lambda: kernels.chunked_map(lambda x: x["a"], XS, chunk_size=1),
    "chunked_sum": lambda: kernels.chunked_sum(lambda x: x["a"].sum(), XS, chunk_size=2),
    "columnwise_cosine": lambda: kernels.columnwise_cosine(*TREES),
    "squared_error": lambda: kernels.squared_error(*TREES),
    "cosine": lambda: kernels.cosine(*TREES),
    "conv_squared_error": lambda: kernels.conv_squared_error(*TREES),
    "conv_absolute_error": lambda: kernels.conv_absolute_error(*TREES),
    "weighted_mean": lambda: kernels.weighted_mean(ROWS, jnp.ones(3)),
    "softmax labels": lambda: kernels.softmax_cross_entropy(ROWS, LABELS[:1]),
    "softmax dtype": lambda: kernels.softmax_cross_entropy(ROWS, jnp.zeros(4)),
    "sigmoid labels": lambda: kernels.sigmoid_cross_entropy(ROWS, ROWS[:1]),
    "sigmoid weights": lambda: kernels.sigmoid_cross_entropy(ROWS, ROWS, weights=jnp.ones(3)),
    "soft labels": lambda: kernels.soft_cross_entropy(ROWS, ROWS[:1]),
    "soft dtype": lambda: kernels.soft_cross_entropy(ROWS, ROWS.astype(jnp.int32)),
    "soft weights": lambda: kernels.soft_cross_entropy(ROWS, ROWS, weights=jnp.ones(3)),
    "cross_entropy rank": lambda: kernels.cross_entropy(ROWS, ROWS[None]),
    "linear width": lambda: kernels.linear(ROWS, ROWS[:, :1]),
    "linear rank": lambda: kernels.linear(ROWS[0], ROWS[0]),
    "rbf width": lambda: kernels.rbf([1.0])(ROWS, ROWS[:, :1]),
    "mmd width": lambda: kernels.mmd(ROWS, ROWS[:, :1]),
    "mmd_unbiased width": lambda: kernels.mmd_unbiased(ROWS, ROWS[:, :1], bandwidth=1.0),
    "mmd leading axes": lambda: kernels.mmd(ROWS[None], ROWS),
    "mmd weights": lambda: kernels.mmd(ROWS, ROWS, real_weights=jnp.ones(1)),
    "characteristic width": lambda: characteristic(ROWS, ROWS[:, :1], ROWS),
    "characteristic frequencies": lambda: characteristic(ROWS, ROWS, ROWS[:, :1]),
    "characteristic rank": lambda: characteristic(ROWS, ROWS, ROWS[0]),
    "characteristic weights": lambda: characteristic(ROWS, ROWS, ROWS, syn_weights=jnp.ones(3)),
    "features rank": lambda: kernels.batch_features(apply_fn, PARAMS, IMAGES[0]),
    "mean rank": lambda: mean_embedding(IMAGES[0]),
    "mean dtype": lambda: mean_embedding(IMAGES.astype(jnp.int32)),
    "mean weights": lambda: mean_embedding(IMAGES, weights=jnp.ones(3)),
    "mean loss rank": lambda: mean_loss(IMAGES, IMAGES[0]),
    "conditional labels": lambda: conditional_loss(IMAGES, ROWS, IMAGES, ROWS[:3]),
    "conditional width": lambda: conditional_loss(IMAGES, ROWS, IMAGES, ROWS[:, :1]),
    "conditional rank": lambda: conditional_loss(*BATCH, *BATCH),
    "gradient rank": lambda: loss_gradient(IMAGES[0], LABELS),
    "gradient labels": lambda: loss_gradient(IMAGES, LABELS[:1]),
    "gradient weights": lambda: loss_gradient(*BATCH, weights=jnp.ones(3)),
    "matching real": lambda: matching_loss(IMAGES, LABELS[:3], *BATCH),
    "matching synthetic": lambda: matching_loss(*BATCH, IMAGES[0], LABELS),
    "trajectory rank": lambda: trajectory_loss(IMAGES[0], LABELS),
    "trajectory labels": lambda: trajectory_loss(IMAGES, LABELS[:3]),
    "trajectory target": lambda: trajectory_loss(*BATCH, target=jnp.ones((4, 1))),
    "trajectory rate": lambda: trajectory_loss(*BATCH, rate=jnp.ones(1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arrays_are_refused(name):
    with pytest.raises(AssertionError):
        WRONG[name]()


class CentralValues(chex.TestCase):
    """Known values, compiled and not."""

    @chex.variants(with_jit=True, without_jit=True)
    def test_matching_loss_of_equal_batches_is_zero(self):
        # The distance's 1e-6 beside the norms keeps the cosine below 1.
        assert abs(self.variant(matching_loss)(*BATCH, *BATCH)) < 1e-4

    @chex.variants(with_jit=True, without_jit=True)
    def test_mmd_of_ones_and_zeros_is_the_width(self):
        assert self.variant(kernels.mmd)(ROWS + 1, ROWS) == 2

    @chex.variants(with_jit=True, without_jit=True)
    def test_a_student_that_does_not_move_has_loss_one(self):
        value = self.variant(lambda *batch: trajectory_loss(*batch, rate=0.0))(*BATCH)
        assert value == 1
