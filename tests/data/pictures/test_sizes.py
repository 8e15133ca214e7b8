"""All twelve sets at all four sizes: named behind the colon, read, and fit for a network."""

import jax
import numpy as np
import pytest

from medjax import augment, data, nets
from medjax.data.medmnist import download, registry
from medjax.run import config
from medjax.types import MULTI_LABEL

DEPTHS = {28: 3, 64: 4, 128: 5, 224: 6}


def a_file_of(name, size, folder):
    """As the published file, with one image a class and next to no pixels of their own."""
    facts = registry.REGISTRY[name]
    number = len(facts.classes)
    shape = (number, size, size) + ((3,) if facts.channels == 3 else ())
    images = np.broadcast_to(np.uint8(7), shape)
    many = facts.task == MULTI_LABEL
    labels = np.eye(number, dtype=np.uint8) if many else np.arange(number, dtype=np.uint8)[:, None]
    arrays = {f"{split}_images": images for split in registry.SPLITS}
    arrays |= {f"{split}_labels": labels for split in registry.SPLITS}
    np.savez_compressed(folder / download.file_name(name, size=size), **arrays)


@pytest.mark.filterwarnings("ignore:.* is not the published")
@pytest.mark.parametrize("size", registry.SIZES)
@pytest.mark.parametrize("name", registry.REGISTRY)
def test_a_set_at_a_size(name, size, tmp_path):
    a_file_of(name, size, tmp_path)
    made = config.make("dsa", "phantom", f"{name},data.size={size},data.root={tmp_path}").to_dict()
    source = made["data"]
    ds = data.load(source["name"], size=source["size"], root=source["root"], download=False)
    facts = registry.REGISTRY[name]
    assert ds.info.name == name and ds.num_classes == len(facts.classes)
    assert ds.train.images.shape == (ds.num_classes, size, size, facts.channels)
    options = {k: v for k, v in made["net"].items() if k != "name"}
    net = nets.make("convnet", num_classes=ds.num_classes, **options)
    image = jax.ShapeDtypeStruct((1, *ds.train.images.shape[1:]), "float32")
    params = jax.eval_shape(net.init, jax.random.key(0), image)["params"]
    assert sum(layer.startswith("conv_") for layer in params) == DEPTHS[size]
    assert made["distill"]["augment"] == made["evaluation"]["augment"] == "auto"
    sided = any("left" in label for label in facts.classes)
    assert ("flip" in ds.info.augment) is not sided
    augment.parse_strategy(ds.info.augment)
