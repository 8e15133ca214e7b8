"""Images on the host: indexed in every kind of program as on the device, read ahead or not."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from medjax import data
from medjax.data.stream.prefetch import Prefetcher
from medjax.data.stream.rowfile import RowFile
from medjax.errors import UserError

COUNT = 40


@pytest.fixture
def pixels(tmp_path):
    """Forty memory-mapped images that all differ."""
    path = tmp_path / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (COUNT, 4, 4, 1)).astype(np.uint8))
    return np.load(path, mmap_mode="r")


@pytest.fixture
def both(pixels):
    """The images on the host and on the device."""
    return data.place(pixels), data.place(np.array(pixels))


def test_only_mapped_images_stay_on_the_host(pixels, both):
    host, device = both
    assert isinstance(host, data.HostImages) and isinstance(device, jax.Array)
    assert (host.shape, host.dtype, host.ndim, len(host)) == ((COUNT, 4, 4, 1), np.uint8, 4, COUNT)
    assert isinstance(data.place(pixels[[1, 2]]), jax.Array)


def test_without_a_cpu_there_is_no_host_to_ask(pixels, monkeypatch):
    def none(*, backend):
        raise RuntimeError(f"Unknown backend {backend}")

    monkeypatch.setattr(jax, "local_devices", none)
    with pytest.raises(UserError, match=r"JAX_PLATFORMS=.* lacks it"):
        data.place(pixels)


PROGRAMS = {
    "eager": lambda images, rows: images[rows[0]],
    "jit": jax.jit(lambda images, rows: images[rows[0]]),
    "vmap": jax.jit(lambda images, rows: jax.vmap(lambda r: images[r])(rows)),
    "vmap of vmap": lambda images, rows: jax.vmap(jax.vmap(lambda r: images[r]))(rows[None]),
    "map": jax.jit(lambda images, rows: jax.lax.map(lambda r: images[r], rows)),
    "chunked map": lambda images, rows: jax.lax.map(lambda r: images[r], rows, batch_size=3),
    "while": jax.jit(
        lambda images, rows: jax.lax.fori_loop(
            0, len(rows), lambda i, s: s + images[rows[i]], jnp.zeros((5, 4, 4, 1), jnp.uint8)
        )
    ),
    "scalar": jax.jit(lambda images, rows: images[rows[0, 0]]),
    "scalars": lambda images, rows: jax.vmap(lambda row: images[row])(rows[0]),
    "slice": lambda images, rows: images[2:9:3],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_gets_the_same_images(name, both):
    rows = jnp.asarray(np.random.default_rng(1).integers(0, COUNT, (8, 5)), jnp.int32)
    host, device = (PROGRAMS[name](images, rows) for images in both)
    assert (host.shape, host.dtype) == (device.shape, device.dtype)
    np.testing.assert_array_equal(host, device)


def test_rows_out_of_range_are_those_at_the_ends(both):
    rows = jnp.array([COUNT + 3, 0, -1, -COUNT], jnp.int32)
    np.testing.assert_array_equal(*(images[rows] for images in both))


def test_each_device_asks_for_its_own_rows(both, class_mesh):
    host, device = both
    rows = jnp.arange(40, dtype=jnp.int32).reshape(8, 5)[:, ::-1]
    spec = PartitionSpec("class")
    asked = []
    read = host.read
    host.read = lambda rows: asked.append(np.shape(rows)) or read(rows)
    take = jax.shard_map(lambda r: host[r], mesh=class_mesh, in_specs=spec, out_specs=spec)
    np.testing.assert_array_equal(jax.jit(take)(rows), device[rows])
    assert asked == [(1, 5)] * 8


def test_one_object_is_one_program(both):
    take = jax.jit(lambda images, rows: images[rows])
    for start in range(3):
        take(both[0], jnp.arange(start, start + 4))
    assert take._cache_size() == 1


@pytest.mark.parametrize("shape", [(70,), (9, 16), (3, 4, 5), (2, 33)])
def test_many_rows_come_in_several_calls(shape, both, monkeypatch):
    monkeypatch.setattr("medjax.data.stream.host_images._ROWS_PER_CALL", 32)
    host, device = both
    sizes, read = [], host.read
    host.read = lambda rows: sizes.append(np.size(rows)) or read(rows)
    rows = jnp.asarray(np.random.default_rng(7).integers(0, COUNT, shape), jnp.int32)
    np.testing.assert_array_equal(host[rows], device[rows])
    np.testing.assert_array_equal(jax.vmap(lambda row: host[row])(rows), device[rows])
    assert max(sizes) <= 32 and sum(sizes) >= rows.size


def test_a_large_batch_on_every_device_never_waits_for_itself(tmp_path, class_mesh):
    images = np.lib.format.open_memmap(tmp_path / "large.npy", "w+", np.uint8, (4096, 16, 16, 1))
    images[:] = np.arange(4096, dtype=np.uint16).astype(np.uint8)[:, None, None, None]
    host, spec = data.place(images), PartitionSpec("class")

    def total(rows):
        def add(index, sum_):
            pixels = host[(rows + index) % 4096].astype(jnp.float32)
            # A product that occupies the threads of the device between two callbacks.
            flat = pixels.reshape(-1, 256)[:1024]
            return sum_ + jnp.sum(flat @ flat.T) / flat.size

        start = jax.lax.pcast(jnp.float32(0), "class", to="varying")
        return jax.lax.fori_loop(0, 2, add, start)[None]

    rows = jnp.arange(8 * 50_000, dtype=jnp.int32).reshape(8, 50_000) % 4096
    program = jax.jit(jax.shard_map(total, mesh=class_mesh, in_specs=spec, out_specs=spec))
    done = threading.Event()
    results = []

    def work():
        results.extend(np.asarray(program(rows)) for _ in range(3))
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(120)
    np.testing.assert_array_equal(results[0], results[1])


def draws_of(rng, count):
    return rng.integers(0, COUNT, (count, 5)).astype(np.int32)


def test_announced_batches_are_read_ahead_in_any_order(both):
    host, device = both
    draws = draws_of(np.random.default_rng(2), 30)
    host.read_ahead(draws)
    order = [1, 0, 2, 4, 5, 3, *range(6, 30)]
    for place in order:
        np.testing.assert_array_equal(host[jnp.asarray(draws[place])], device[draws[place]])
    assert host.direct_reads == 0


def test_what_was_not_announced_is_read_when_it_is_asked_for(both):
    host, device = both
    rng = np.random.default_rng(3)
    draws, others = draws_of(rng, 30), draws_of(rng, 4)
    host.read_ahead(draws)
    for rows in [*others, draws[29], draws[0]]:  # the first was passed over long ago
        np.testing.assert_array_equal(host[jnp.asarray(rows)], device[rows])
    assert host.direct_reads == 5
    host.read_ahead(others)
    for rows in [*others, draws[3]]:
        np.testing.assert_array_equal(host[jnp.asarray(rows)], device[rows])
    assert host.direct_reads == 1


def test_a_batch_announced_twice_comes_twice(both):
    host, device = both
    draws = np.repeat(draws_of(np.random.default_rng(4), 3), 2, axis=0)
    host.read_ahead(draws)
    for rows in draws:
        np.testing.assert_array_equal(host[jnp.asarray(rows)], device[rows])
    assert host.direct_reads == 0


class Counted(RowFile):
    """Counts how often it is read."""

    reads = 0

    def read(self, rows):
        self.reads += 1
        return super().read(rows)


def test_only_so_many_batches_wait(pixels):
    counted = Counted(pixels)
    draws = draws_of(np.random.default_rng(5), 200)
    prefetcher = Prefetcher(counted, draws)
    for place in range(0, 100):
        prefetcher.take(draws[place])
        assert counted.reads <= place + 1 + 2 * 16
    prefetcher.close()
    assert prefetcher.take(draws[100]) is None


def test_few_large_batches_wait(pixels, monkeypatch):
    monkeypatch.setattr(
        "medjax.data.stream.prefetch._MAX_BYTES", 6 * 5 * 16
    )  # six batches of five images
    draws = draws_of(np.random.default_rng(6), 200)
    counted = Counted(pixels)
    prefetcher = Prefetcher(counted, draws)
    for place in range(0, 50):
        prefetcher.take(draws[place])
        assert counted.reads <= place + 1 + 4
    prefetcher.close()
