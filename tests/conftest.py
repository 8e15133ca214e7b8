"""Test set-up: eight CPU devices, strict promotion, and a compilation cache for repeated runs."""

import importlib.util
import logging
import os
import pathlib

# To compile takes most of the time of the tests, to run hardly any. Programs that are not optimised
# compile in a fifth of it, see ``optimised``. Processes that a test starts inherit the variables.
if os.environ.setdefault("JAX_PLATFORMS", "cpu") == "cpu":
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import jax
import numpy as np
import pytest

from medjax import data, nets

QUICK = os.environ.get("JAX_DISABLE_MOST_OPTIMIZATIONS") == "1"

_FLAGS = [os.environ.get("XLA_FLAGS", ""), "--xla_force_host_platform_device_count=8"]
if QUICK and jax.__version_info__ < (0, 11):  # later ones have no such option
    _FLAGS.insert(0, "--xla_cpu_use_fusion_emitters=false")
os.environ["XLA_FLAGS"] = " ".join(_FLAGS)

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"

# A third of what Linux allows; a process that needs more ends with a segmentation fault.
_MOST_MAPS = 20_000

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_compilation_cache_dir", str(ROOT / ".pytest_cache" / "xla"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def pytest_collection_modifyitems(items):
    """Two programs that do the same round alike if they are compiled as users compile them."""
    skip = pytest.mark.skip(reason="compares bits: set JAX_DISABLE_MOST_OPTIMIZATIONS=0")
    for item in items:
        if QUICK and item.get_closest_marker("bits"):
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """What runs keep for others stays out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDJAX_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("JAX_COMPILATION_CACHE_DIR", jax.config.jax_compilation_cache_dir)
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        yield


@pytest.fixture(scope="module", autouse=True)
def programs():
    """Frees compiled programs before they take all maps of memory that Linux allows a process."""
    yield
    maps = pathlib.Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > _MOST_MAPS:
        jax.clear_caches()


@pytest.fixture(autouse=True)
def log():
    """A command that prints the log leaves the logger as it was for the next test."""
    logger = logging.getLogger("medjax")
    before = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate = before[:2]
    logger.setLevel(before[2])


@pytest.fixture(scope="module")
def optimised():
    """Programs that are optimised, for a module whose programs run for longer than they compile."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture
def x64():
    """Float64 for the length of one test."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def class_mesh():
    """The eight CPU devices, along an axis ``class``."""
    return jax.make_mesh((8,), ("class",), axis_types=(jax.sharding.AxisType.Auto,))


@pytest.fixture(scope="session")
def striped(tmp_path_factory):
    """``set.npz``: two classes of 8×8 stripes; ``noval.npz``: the same without val."""
    folder, rng = tmp_path_factory.mktemp("striped"), np.random.default_rng(0)
    rows, columns = np.indices((8, 8)) // 2 % 2
    arrays = {}
    for split, n in (("train", 40), ("val", 20), ("test", 20)):
        labels = np.arange(n, dtype=np.uint8) % 2
        images = 60 + 100 * np.stack([rows, columns])[labels] + rng.integers(0, 60, (n, 8, 8))
        arrays |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": labels}
    np.savez(folder / "set.npz", **arrays)
    np.savez(folder / "noval.npz", **{k: v for k, v in arrays.items() if "val" not in k})
    return folder


def stripes(sizes):
    """Classes told apart by the direction of their stripes, which instance norm leaves in."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((8, 8)) // 2 % 2
    patterns = np.stack([rows, columns, rows ^ columns])
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int32)
    pixels = 60 + 100 * patterns[labels] + rng.integers(0, 60, (len(labels), 8, 8))
    return data.Split(pixels.astype(np.uint8)[..., None], labels)


@pytest.fixture(scope="session")
def make_real():
    """``make_real((6, 14))`` is a training set on the device, with 6 and 14 images a class."""

    def make(sizes):
        stats = {"mean": np.full(1, 0.55, np.float32), "std": np.full(1, 0.2, np.float32)}
        return data.real_data(stripes(sizes), num_classes=len(sizes), **stats)

    return make


@pytest.fixture(scope="session")
def make_net():
    """``make_net(3, depth=2)`` is a ConvNet with three classes and hardly a parameter."""
    return lambda num_classes, depth: nets.make(
        "convnet", num_classes=num_classes, width=4, depth=depth
    )


@pytest.fixture(scope="session")
def golden():
    """``golden("convnet_c1_28")`` is a dict of the arrays in that golden file."""

    def load(name):
        with np.load(GOLDEN / f"{name}.npz") as archive:
            return dict(archive)

    return load


@pytest.fixture(scope="session")
def real_data_root():
    """The folder of real data sets, or a skip that says how to name it."""
    root = os.environ.get("MEDJAX_DATA_DIR")
    if not root:
        pytest.skip("needs real images: set MEDJAX_DATA_DIR to a folder of MedMNIST npz files")
    return pathlib.Path(root)


@pytest.fixture(scope="session")
def from_torch():
    """``from_torch(arrays, prefix, dtype)``: a reference ConvNet's parameters in our layout."""
    file = ROOT / "benchmarks" / "torch_layout.py"
    spec = importlib.util.spec_from_file_location("torch_layout", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.convnet_params
