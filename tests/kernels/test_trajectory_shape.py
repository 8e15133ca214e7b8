"""Progressive matching and the shape of trajectories, against numpy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from medjax import kernels


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def make_params(seed):
    return {"kernel": normal(seed, 3, 2), "bias": normal(seed + 1, 2)}


def flat(params):
    return np.concatenate([np.asarray(x).ravel() for x in jax.tree.leaves(params)])


WAYS = [[make_params(10 * i + j) for j in (0, 2, 4)] for i in (1, 2)]


def numpy_shape(student, expert):
    """Every angle of each way on its own."""
    total = 0.0
    for i in range(len(student)):
        for j in range(len(student)):
            for k in range(len(student)):
                cosines = []
                for way in (student, expert):
                    a, b = flat(way[j]) - flat(way[i]), flat(way[k]) - flat(way[i])
                    lengths = np.linalg.norm(a) * np.linalg.norm(b)
                    cosines.append(a @ b / lengths if lengths else 0.0)
                apart = abs(cosines[0] - cosines[1])
                total += apart**2 / 2 if apart < 1 else apart - 0.5
    return total / len(student) ** 3


def opposite(way):
    """A way whose middle lies behind its start, so that an angle differs by more than 90°."""
    back = jax.tree.map(lambda a, b: 2 * a - b, way[0], way[1])
    return [way[0], back, way[2]]


@pytest.mark.parametrize("change", [lambda way: way, opposite], ids=["random", "opposite"])
def test_the_shape_equals_numpy(x64, change):
    student, expert = WAYS
    for one in (student, change(expert)):
        ours = jax.jit(kernels.shape_loss)(one, expert)
        assert ours.shape == () and ours.dtype == "float64"
        np.testing.assert_allclose(ours, numpy_shape(one, expert), rtol=1e-10, atol=1e-14)
    line = [jax.tree.map(lambda x, t=t: t * x, expert[1]) for t in (0.0, 1.0, 2.0)]
    away = [line[0], jax.tree.map(jnp.negative, line[1]), line[2]]  # cosines 1 and −1
    np.testing.assert_allclose(kernels.shape_loss(away, line), numpy_shape(away, line), rtol=1e-10)


def test_the_shape_does_not_depend_on_size_or_place(x64):
    student, expert = WAYS
    moved = [jax.tree.map(lambda x: 3 * x + 1, point) for point in student]
    ours, theirs = kernels.shape_loss(moved, expert), kernels.shape_loss(student, expert)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert theirs > 1e-3 and abs(kernels.shape_loss(student, student)) < 1e-14


def test_only_the_student_gets_a_gradient_of_the_shape(x64):
    by_student, by_expert = jax.jit(jax.grad(kernels.shape_loss, argnums=(0, 1)))(*WAYS)
    assert all(np.abs(x).max() > 1e-6 for x in jax.tree.leaves(by_student))
    assert not any(x.any() for x in jax.tree.leaves(by_expert))
    shape = jax.jit(lambda way: kernels.shape_loss(way, WAYS[1]))
    check_grads(shape, (WAYS[0],), order=1, modes=("rev",))


def test_a_student_that_stands_still_has_a_finite_gradient():
    still = [jnp.ones(3), jnp.ones(3), jnp.zeros(3)]
    way = [jnp.zeros(3), jnp.ones(3), jnp.array([1.0, 2.0, 0.0])]
    value, gradient = jax.value_and_grad(kernels.shape_loss)(still, way)
    assert np.isfinite(value) and np.isfinite(gradient).all()


def numpy_progress(start, target, student, entered, threshold):
    error, entered = (flat(student) - flat(target)) ** 2, flat(entered).astype(bool)
    entered = entered | (error < threshold)
    way = ((flat(start) - flat(target)) ** 2)[entered].sum()
    return (error[entered].sum() / way if way else 0.0), entered


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0, 100.0])
def test_the_progress_equals_numpy(x64, threshold):
    start, target, student = WAYS[0]
    before = jax.tree.map(lambda x: x > 0.5, start)
    for entered in (before, jax.tree.map(jnp.zeros_like, before)):
        loss, now = jax.jit(kernels.progressive_loss)(
            start, target, student, entered, threshold=threshold
        )
        expected, expected_now = numpy_progress(start, target, student, entered, threshold)
        np.testing.assert_allclose(loss, expected, rtol=1e-10)
        np.testing.assert_array_equal(flat(now), expected_now)
        assert (flat(now) >= flat(entered)).all()  # none leaves


def test_with_all_elements_it_is_the_trajectory_loss(x64):
    start, target, student = WAYS[0]
    none = jax.tree.map(lambda x: jnp.zeros(x.shape, bool), start)
    loss, _ = kernels.progressive_loss(start, target, student, none, threshold=jnp.inf)
    expected = kernels.squared_error(student, target) / kernels.squared_error(start, target)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)


def test_an_element_outside_gets_no_gradient(x64):
    start, target, student = WAYS[0]
    none = jax.tree.map(lambda x: jnp.zeros(x.shape, bool), start)

    def loss(student, threshold):
        return kernels.progressive_loss(start, target, student, none, threshold=threshold)

    (_, entered), gradient = jax.value_and_grad(loss, has_aux=True)(student, 1.0)
    way = ((flat(start) - flat(target)) ** 2)[flat(entered)].sum()
    expected = np.where(flat(entered), 2 * (flat(student) - flat(target)) / way, 0)
    np.testing.assert_allclose(flat(gradient), expected, rtol=1e-10)
    assert 0 < flat(entered).sum() < flat(entered).size
    (value, _), gradient = jax.value_and_grad(loss, has_aux=True)(student, 0.0)
    assert value == 0 and not flat(gradient).any()
