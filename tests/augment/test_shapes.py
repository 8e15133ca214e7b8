"""Augmentations refuse arrays of the wrong rank, length or dtype."""

import chex
import jax.numpy as jnp
import pytest

from medjax import augment
from medjax.errors import UserError

IMAGES, FLIP = jnp.arange(6.0).reshape(2, 1, 3, 1), augment.parse_strategy("flip")
OPERATORS = {
    "brightness": (0.5,),
    "saturation": (0.5,),
    "contrast": (0.5,),
    "translate": (1, 1),
    "flip": (True,),
    "scale": (1.0, 1.0),
    "rotate": (0.1,),
}
WRONG = {
    "translate": lambda: augment.translate(IMAGES, 0.5, 0),
    "cutout": lambda: augment.cutout(IMAGES, 0, 0.5, size=1),
    "op": lambda: FLIP.apply(augment.Draw(jnp.zeros(1, int), jnp.zeros(3)), IMAGES),
    "op dtype": lambda: FLIP.apply(augment.Draw(jnp.float32(0), jnp.zeros(3)), IMAGES),
    "units": lambda: FLIP.apply(augment.Draw(jnp.int32(0), jnp.zeros(2)), IMAGES),
    "units rank": lambda: FLIP.apply(augment.Draw(jnp.int32(0), jnp.zeros((1, 2, 3))), IMAGES),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_parameters_are_refused(name):
    with pytest.raises(AssertionError):
        WRONG[name]()


@pytest.mark.parametrize("name", OPERATORS)
def test_wrong_images_are_refused(name):
    function, params = getattr(augment, name), OPERATORS[name]
    with pytest.raises(UserError, match="images must be"):
        function(IMAGES[0], *params)
    with pytest.raises(UserError, match="a parameter must be"):
        function(IMAGES, *[jnp.stack([jnp.asarray(p)] * 3) for p in params])


class CentralValues(chex.TestCase):
    """Known values, compiled and not."""

    @chex.variants(with_jit=True, without_jit=True)
    def test_a_drawn_flip_mirrors(self):
        draw = augment.Draw(jnp.int32(0), jnp.array([0.2, 0.0, 0.0]))
        chex.assert_trees_all_equal(self.variant(FLIP.apply)(draw, IMAGES), IMAGES[:, :, ::-1])
