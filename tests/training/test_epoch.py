"""One epoch: every row once, in shuffled batches that follow from the key."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from medjax import training

SIZES = [(10, 4), (9, 3), (4, 1), (5, 8), (6, 6)]


@partial(jax.jit, static_argnames=("num_rows", "batch_size"))
def run(key, *, num_rows, batch_size):
    """Runs an epoch that writes down what it does."""
    batches = max(-(-num_rows // batch_size), 1)
    start = {
        "order": jnp.full(num_rows, -1),
        "sizes": jnp.zeros(batches, int),
        "keys": jnp.zeros((batches, 2), jnp.uint32),
        "seen": jnp.array(0),
        "batch": jnp.array(0),
    }

    def step(log, rows, key):
        return {
            "order": jax.lax.dynamic_update_slice(log["order"], rows, (log["seen"],)),
            "sizes": log["sizes"].at[log["batch"]].set(len(rows)),
            "keys": log["keys"].at[log["batch"]].set(jax.random.key_data(key)),
            "seen": log["seen"] + len(rows),
            "batch": log["batch"] + 1,
        }

    return training.run_epoch(key, step, start, num_rows=num_rows, batch_size=batch_size)


def visits(key, *, num_rows, batch_size):
    """What an epoch did: ``(order, batch sizes, step keys)``."""
    log = run(key, num_rows=num_rows, batch_size=batch_size)
    assert log["seen"] == num_rows and log["batch"] == len(log["sizes"])
    return np.asarray(log["order"]), log["sizes"].tolist(), np.asarray(log["keys"])


@pytest.mark.parametrize(("num_rows", "batch_size"), SIZES)
def test_every_row_exactly_once(num_rows, batch_size):
    order, _, _ = visits(jax.random.key(0), num_rows=num_rows, batch_size=batch_size)
    assert sorted(order) == list(range(num_rows))


@pytest.mark.parametrize(("num_rows", "batch_size"), SIZES)
def test_full_batches_then_the_remainder_as_it_is(num_rows, batch_size):
    _, sizes, _ = visits(jax.random.key(0), num_rows=num_rows, batch_size=batch_size)
    full, rest = divmod(num_rows, batch_size)
    assert sizes == [batch_size] * full + [rest] * (rest > 0)


@pytest.mark.parametrize(("num_rows", "batch_size"), SIZES)
def test_each_step_has_a_key_of_its_own(num_rows, batch_size):
    _, sizes, keys = visits(jax.random.key(0), num_rows=num_rows, batch_size=batch_size)
    assert len({tuple(key) for key in keys}) == len(sizes)
    _, _, others = visits(jax.random.key(1), num_rows=num_rows, batch_size=batch_size)
    assert not np.any(np.all(keys == others, axis=1))


def test_a_set_of_one_batch_is_taken_in_its_order():
    for seed in range(3):
        order, sizes, _ = visits(jax.random.key(seed), num_rows=6, batch_size=6)
        assert order.tolist() == list(range(6)) and sizes == [6]


def test_the_order_follows_from_the_key():
    orders = [
        visits(jax.random.key(seed), num_rows=10, batch_size=4)[0].tolist() for seed in (0, 1, 0)
    ]
    assert orders[0] != list(range(10))
    assert orders[0] != orders[1]
    assert orders[0] == orders[2]


def test_jit_and_vmap_equal_a_loop():
    def squares(key, rows):
        def step(total, batch, key):
            noise = jax.random.uniform(key)
            return total * 0.5 + noise * jnp.sum(jnp.square(rows[batch]))

        return training.run_epoch(key, step, jnp.array(0.0), num_rows=len(rows), batch_size=2)

    rows, keys = jnp.arange(5.0), jax.random.split(jax.random.key(0), 3)
    alone = jax.jit(squares)
    loop = jnp.stack([alone(key, rows) for key in keys])
    together = jax.jit(jax.vmap(squares, in_axes=(0, None)))(keys, rows)
    assert len(set(loop.tolist())) == 3
    np.testing.assert_allclose(together, loop, rtol=1e-6)
