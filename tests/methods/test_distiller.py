"""The loop around every method, with iterations that do next to nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax.errors import UserError
from medjax.methods.distiller import Iteration, make_distiller
from medjax.methods.layout import make_layout

KEY = jax.random.key(3)


def walk(key, state, real):
    """Adds one number drawn from the key, and reports it as the loss."""
    drawn = jax.random.uniform(key)
    return state._replace(images=state.images + drawn), drawn


def distiller_of(run):
    iteration = Iteration(run, real_images=lambda real: 7)
    return make_distiller(iteration, optax.sgd(1.0, 0.5), make_layout(2, 2), init="noise")


@pytest.fixture(scope="module")
def walker():
    return distiller_of(walk)


@pytest.fixture(scope="module")
def real(make_real):
    return make_real((2, 3))


@pytest.fixture
def start(walker, real):
    return walker.init(KEY, real)


def test_start(start):
    assert start.step == 0 and start.step.dtype == jnp.int32
    assert start.images.shape == (4, 8, 8, 1) and start.labels.tolist() == [0, 0, 1, 1]
    momenta = jax.tree.leaves(start.opt_state)
    assert [m.shape for m in momenta] == [start.images.shape] and not momenta[0].any()


def test_an_iteration_is_a_function_of_the_key_and_its_number(walker, start, real):
    before = np.asarray(start.images)
    state, _ = walker.step(KEY, start, real, 2)
    state, info = walker.step(KEY, state, real, 3)
    drawn = [float(jax.random.uniform(jax.random.fold_in(KEY, i))) for i in range(5)]
    assert state.step == 5
    np.testing.assert_allclose(state.images - before, sum(drawn), rtol=1e-5)
    assert float(info.loss) == pytest.approx(np.mean(drawn[2:]))  # of this call's iterations
    assert int(info.real_images) == 21 and int(info.bad_step) == -1


def test_the_start_shares_no_key_with_an_iteration(real):
    def redraw(key, state, real):
        return state._replace(images=jax.random.normal(key, state.images.shape)), jnp.zeros(())

    distiller = distiller_of(redraw)
    first = np.asarray(distiller.init(KEY, real).images)
    state, _ = distiller.step(KEY, distiller.init(KEY, real), real, 1)
    assert (first != np.asarray(state.images)).any()


def test_no_iterations_change_nothing(walker, start, real):
    before = np.asarray(start.images)
    state, info = walker.step(KEY, start, real, 0)
    np.testing.assert_array_equal(state.images, before)
    assert (int(state.step), float(info.loss), int(info.real_images)) == (0, 0, 0)


def bad_images(key, state, real):
    return state._replace(images=state.images * 1e20), jnp.ones(())


def bad_loss(key, state, real):
    return state._replace(images=state.images * 1e10), jnp.sum(jnp.square(state.images))


def bad_step_size(key, state, real):
    step_size = jnp.where(state.step == 2, jnp.inf, state.step_size)
    return state._replace(step_size=step_size), jnp.ones(())


@pytest.mark.parametrize(
    ("run", "finite"),
    [(bad_images, False), (bad_loss, True), (bad_step_size, True)],
    ids=["pixels", "loss", "step size"],
)
def test_nothing_runs_after_what_is_not_finite(run, finite, real):
    distiller = distiller_of(run)
    start = distiller.init(KEY, real)
    start = start._replace(images=jnp.ones_like(start.images), step_size=jnp.ones(()))
    # Ones grow to 1e20, then to infinity; or to 1e10 and 1e20, whose square is too large.
    state, info = distiller.step(KEY, start, real, 1)
    assert int(info.bad_step) == -1
    state, info = distiller.step(KEY, state, real, 9)
    bad_step = int(info.bad_step)
    assert bad_step == (2 if finite else 1)
    assert int(state.step) == bad_step + 1
    assert int(info.real_images) == 7 * bad_step
    assert bool(jnp.isfinite(state.images).all()) == finite


@pytest.mark.parametrize("wrong", [lambda x: x[0], lambda x: x[:-1]], ids=["rank", "length"])
def test_images_that_do_not_fit_their_labels_are_refused(walker, start, real, wrong):
    with pytest.raises(AssertionError, match=r"assert_(rank|equal_shape_prefix)"):
        walker.init(KEY, real._replace(images=wrong(real.images)))
    with pytest.raises(AssertionError, match=r"assert_(rank|equal_shape_prefix)"):
        walker.step(KEY, start._replace(images=wrong(start.images)), real, 1)


def test_an_unknown_start_is_refused_at_once():
    with pytest.raises(UserError, match=r"unknown init 'noisy' \(did you mean 'noise'\?\)"):
        make_distiller(Iteration(walk, len, len), optax.sgd(1.0), make_layout(1, 2), init="noisy")
