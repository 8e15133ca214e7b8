"""MTT on real images: five hundred iterations, begun anew again and again, end with numbers."""

import warnings

import jax
import numpy as np
import pytest

from medjax import data, methods, nets

pytestmark = pytest.mark.usefixtures("optimised")

RESTARTS, ITERATIONS = 5, 100
EXPERTS = {"num_experts": 2, "train_epochs": 4, "max_start_epoch": 3, "expert_epochs": 2}
# A thousand and a hundred thousand times the usual rates.
WILD = {"learning_rate": 1e6, "step_size_learning_rate": 1.0, "syn_steps": 5}


@pytest.fixture(scope="module", params=[("pneumoniamnist", "none"), ("retinamnist", "mtt")])
def trained(request, real_data_root):
    """``(net, real)`` with experts, of a set and a whitening."""
    name, zca = request.param
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file may be one made from the published one
        dataset = data.load(name, root=real_data_root, download=False)
    dataset, _ = data.whiten(dataset, zca=zca)
    real = data.real_data(
        dataset.train, num_classes=dataset.num_classes, mean=dataset.mean, std=dataset.std
    )
    net = nets.make("convnet", num_classes=dataset.num_classes, width=4, depth=2)
    experts = methods.mtt(net=net, ipc=1, **EXPERTS).experts
    experts = methods.train_experts(jax.random.key(0), net, experts, real)
    return net, real._replace(experts=experts)


def test_no_restart_ends_in_nan_or_with_a_step_size_below_zero(trained):
    net, real = trained
    distiller = methods.mtt(net=net, ipc=2, **EXPERTS, **WILD)
    for restart in range(RESTARTS):
        key = jax.random.key(restart)
        state, info = distiller.step(key, distiller.init(key, real), real, ITERATIONS)
        assert int(info.bad_step) == -1 and int(state.step) == ITERATIONS
        assert np.isfinite(state.images).all() and float(state.step_size) > 0
