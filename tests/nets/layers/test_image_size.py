"""Images of 28 pixels are padded to 32, and images that are too small are refused."""

import jax.numpy as jnp
import pytest

from medjax.errors import UserError
from medjax.nets.layers.image_size import padding_to_32, require_size


@pytest.mark.parametrize("size", [(8, 8), (28, 31), (32, 28), (28, 28)])
def test_28_pixels_count_as_32(size):
    images = jnp.zeros((1, *size, 1))
    if size in ((32, 28), (28, 28)):
        require_size(images, "a VGG11", least=32)
    else:
        message = f"^a VGG11 needs images of at least 32×32, got {size[0]}×{size[1]}$"
        with pytest.raises(UserError, match=message):
            require_size(images, "a VGG11", least=32)


@pytest.mark.parametrize(
    ("size", "expected"), [((28, 28), (3, 3)), ((28, 32), (3, 1)), ((27, 28), (1, 3))]
)
def test_only_sides_of_28_pixels_are_padded_to_32(size, expected):
    assert padding_to_32(jnp.zeros((1, *size, 3)), 1) == expected
