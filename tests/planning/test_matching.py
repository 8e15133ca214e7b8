"""What is computed at once fits, and changes no number."""

import jax
import numpy as np
import pytest

from medjax import methods, planning
from medjax.errors import UserError
from medjax.planning import Chunks
from medjax.planning.matching import Cost, fit

ALL, SIZES = Chunks(None, None, None), Chunks(2, 9, 256, 10)
COST = Cost(fixed=0, per_syn=10, per_real=1)  # of a class: 10 · 10 + 256


@pytest.mark.parametrize(
    ("wanted", "budget", "chosen"),
    [
        (ALL, 2 * 9 * 356, ALL),
        (ALL, 2 * 9 * 356 - 1, Chunks(1, None, None)),
        (ALL, 9 * 356 - 1, Chunks(1, 8, None)),
        (ALL, 356, Chunks(1, 1, None)),
        (ALL, 355, Chunks(1, 1, 255)),
        (ALL, 200, Chunks(1, 1, 100)),
        (ALL, 199, Chunks(1, 1, 109, 9)),  # half of it to each side
        (ALL, 101, Chunks(1, 1, 51, 5)),
        (ALL, 11, Chunks(1, 1, 1, 1)),
        (Chunks(1, 1, 32, 5), 10**9, Chunks(1, 1, 32, 5)),
        (Chunks(1, 1, 32, 5), 82, Chunks(1, 1, 32, 5)),
        (Chunks(1, 1, 32, 5), 81, Chunks(1, 1, 32, 4)),
        (Chunks(1, 1, 32, 5), 61, Chunks(1, 1, 31, 3)),
    ],
)
def test_fits(wanted, budget, chosen):
    assert fit(wanted, SIZES, COST, budget=budget) == chosen


def test_what_cannot_fit_is_refused_with_the_numbers():
    message = r"take about 2\.0 GiB to match, and this device has 1\.5 GiB; choose a smaller net"
    with pytest.raises(UserError, match=message):
        fit(ALL, SIZES, Cost(0, per_syn=2 * 2**30, per_real=1), budget=3 * 2**29)


def test_one_image_may_take_more_than_half():
    assert fit(ALL, SIZES, Cost(0, per_syn=10, per_real=1), budget=12) == Chunks(1, 1, 2, 1)


@pytest.mark.parametrize("method", ["dm", "dc"])
def test_less_memory_gives_the_same_images(monkeypatch, make_real, make_net, method):
    real, net = make_real((6, 14)), make_net(2, 1)

    def images(budget):
        monkeypatch.setattr(planning, "device_budget", lambda: budget)
        distiller = methods.make(method, net=net, ipc=(2, 3), init="noise", batch_real=8)
        key = jax.random.key(0)
        state, _ = distiller.step(key, distiller.init(key, real), real, 1)
        return np.asarray(state.images)

    monkeypatch.setattr(planning, "backend_chunks", lambda *_, **__: ALL)
    everything = images(2**40)
    least = next(size for size in (1.1**n for n in range(70, 290)) if _fits(images, int(size)))
    chosen = []
    monkeypatch.setattr(planning, "fit", lambda *a, **k: chosen.append(fit(*a, **k)) or chosen[-1])
    np.testing.assert_allclose(images(int(least)), everything, rtol=1e-4, atol=1e-5)
    assert [(chunks.images, chunks.synthetic) for chunks in chosen] == [(1, 1)]


def _fits(images, budget):
    try:
        images(budget)
    except UserError:
        return False
    return True
