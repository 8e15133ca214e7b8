"""DSA: what it adds to DC."""

import jax
import pytest

from medjax import augment, methods
from medjax.errors import UserError

KEY = jax.random.key(5)
SIZES = (5, 9)


@pytest.fixture(scope="module")
def problem(make_net, make_real):
    return make_net(2, depth=1), make_real(SIZES)


@pytest.mark.parametrize("strategy", ["none", "", None])
def test_a_missing_augmentation_is_refused(problem, strategy):
    with pytest.raises(UserError, match=r"^dsa needs an augmentation, got augment=.*; .* use dc$"):
        methods.dsa(net=problem[0], ipc=1, augment=strategy)


def test_real_and_synthetic_images_are_transformed_alike(problem):
    # When the synthetic images are the training images, only the augmentation could differ.
    net, real = problem
    options = {"augment": "color_rotate", "batch_real": 32, "outer_loop": 1, "inner_loop": 0}
    distiller = methods.dsa(net=net, ipc=SIZES, learning_rate=0, **options)
    _, info = distiller.step(KEY, distiller.init(KEY, real), real, 20)
    assert abs(float(info.loss)) < 1e-3


def test_matching_draws_once_for_all_images_and_training_for_each(problem, monkeypatch):
    net, real = problem
    drawn = []

    def record(name):
        original = getattr(augment.Strategy, name)

        def wrapper(self, *args):
            drawn.append((name, self.names, *args[1:]))
            return original(self, *args)

        monkeypatch.setattr(augment.Strategy, name, wrapper)

    record("sample")
    record("sample_per_image")
    distiller = methods.dsa(net=net, ipc=(1, 3), augment="crop_flip")
    jax.eval_shape(distiller.step, KEY, distiller.init(KEY, real), real, 1)
    names = ("crop", "flip")
    assert set(drawn) == {("sample", names), ("sample_per_image", names, 4)}
