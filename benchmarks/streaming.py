"""Measures streaming from disk: the peak memory of a run and the time of a step.

    python benchmarks/streaming.py [--mib=2048] [--allowed-mib=512] [--size=64] [--width=32]

prints one line of JSON. The set has random pixels, and the steps are those of DM. Peaks count the
process's own memory (``RssAnon`` and ``RssShmem``, sampled every millisecond) without that of the
compiler. They exclude the pages of a mapped file, which the system can reclaim. "Cold" steps begin
after the system has dropped the file's pages; "unannounced" steps run without
``methods.read_ahead``.
"""

import argparse
import ctypes
import json
import mmap
import os
import pathlib
import tempfile
import threading
import time
import zipfile

import jax
import numpy as np

_MIB = 2**20
_CLASSES = 2
_KEY_SEED = 0


def write_set(path: pathlib.Path, *, mib: int, size: int) -> None:
    """Writes an npz with ``mib`` MiB of training images, in pieces, and a few test images."""
    rng, piece = np.random.default_rng(0), max(_MIB // size**2, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for split, count in (("train", mib * piece), ("test", 8)):
            with archive.open(f"{split}_images.npy", "w", force_zip64=True) as stream:
                shape = (count, size, size)
                header = {"descr": "|u1", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)
                for start in range(0, count, piece):
                    rows = min(piece, count - start)
                    stream.write(rng.integers(0, 256, (rows, size, size), np.uint8).tobytes())
            with archive.open(f"{split}_labels.npy", "w") as stream:
                np.save(stream, np.arange(count, dtype=np.uint8) % _CLASSES)


class Peak:
    """The peak of the process's own memory beyond what it has at the start."""

    def __enter__(self) -> "Peak":
        """Starts sampling."""
        ctypes.CDLL(None).malloc_trim(0)  # returns freed memory to the system
        self._start, self.mib, self._done = _own_bytes(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        """Stops sampling."""
        self._done.set()
        self._thread.join()
        ctypes.CDLL(None).malloc_trim(0)
        self.held_mib = (_own_bytes() - self._start) / _MIB

    def _watch(self) -> None:
        while not self._done.wait(0.001):
            self.mib = max(self.mib, (_own_bytes() - self._start) / _MIB)


def _own_bytes() -> int:
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return sum(1024 * int(lines[field].split()[0]) for field in ("RssAnon", "RssShmem"))


class Run:
    """DM on a data set, streamed or in memory."""

    def __init__(self, path: pathlib.Path, streaming, *, width: int, batch: int) -> None:
        from medjax import data, methods, nets

        self._methods = methods
        dataset = data.load(path, size=28, streaming=streaming)
        stats = {"mean": dataset.mean, "std": dataset.std}
        self.images = dataset.train.images
        self.real = data.real_data(dataset.train, num_classes=_CLASSES, **stats)
        net = nets.make("convnet", num_classes=_CLASSES, width=width)
        self._distiller = methods.make("dm", net=net, ipc=10, init="noise", batch_real=batch)
        self._key, self._state, self.step = jax.random.key(_KEY_SEED), None, 0

    def __call__(self, *, steps: int, announced: bool = True) -> None:
        """Runs some steps and waits for their end."""
        if self._state is None:
            self._state = self._distiller.init(self._key, self.real)
        if announced:
            real, numbers = self.real, {"step": self.step, "num_steps": steps}
            self._methods.read_ahead(self._key, self._distiller, real, **numbers)
        state, info = self._distiller.step(self._key, self._state, self.real, steps)
        info.loss.block_until_ready()
        self._state, self.step = state, self.step + steps

    def forget(self) -> None:
        """Makes the system drop the pages of the images' file."""
        mapped = self.images
        while not isinstance(mapped, mmap.mmap):
            mapped = mapped.base
        mapped.madvise(mmap.MADV_DONTNEED)
        with open(self.images.filename, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def peak(path: pathlib.Path, streaming, *, width: int, batch: int, steps: int) -> float:
    """Returns the peak MiB of the data, from opening the set to the last step.

    The first call of the step is not sampled, which excludes the compiler.
    """
    with Peak() as loading:
        run = Run(path, streaming, width=width, batch=batch)
    run(steps=1)
    with Peak() as running:
        run(steps=steps)
    return max(loading.mib, loading.held_mib + running.mib)


def _peaks(folder: pathlib.Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Returns the peaks from disk and in memory; a small set runs first to import everything."""
    from medjax.data import Streaming

    write_set(folder / "small.npz", mib=2, size=arguments.size)
    allowed = Streaming(arguments.allowed_mib * _MIB, folder / "cache")
    runs = {
        "small": ("small.npz", Streaming(0, folder / "cache")),
        "disk": ("set.npz", allowed),
        "memory": ("set.npz", None),
    }
    options = {"width": arguments.width, "batch": arguments.batch, "steps": arguments.steps}
    peaks = {
        name: round(peak(folder / file, streaming, **options), 1)
        for name, (file, streaming) in runs.items()
    }
    return {"peak_mib": {name: peaks[name] for name in ("disk", "memory")}}


def _times(folder: pathlib.Path, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    import timing

    from medjax.data import Streaming

    options = {"width": arguments.width, "batch": arguments.batch}
    disk = Run(folder / "set.npz", Streaming(0, folder / "cache"), **options)
    memory = Run(folder / "set.npz", None, **options)

    def cold(announced):
        disk.forget()
        start = time.perf_counter()
        disk(steps=arguments.steps, announced=announced)
        return time.perf_counter() - start

    works = {
        "memory": lambda: memory(steps=arguments.steps),
        "disk": lambda: disk(steps=arguments.steps),
        "disk, unannounced": lambda: disk(steps=arguments.steps, announced=False),
    }
    seconds = timing.alternate(works, repeats=arguments.repeats)
    colds = {"cold": [], "cold, unannounced": []}
    for round_ in range(arguments.repeats):
        # They take turns to go first, in case the disk caches what was read last.
        for announced in (round_ % 2 == 0, round_ % 2 == 1):
            colds["cold" if announced else "cold, unannounced"].append(cold(announced))
    seconds |= {f"disk, {name}": values for name, values in colds.items()}
    report = {
        name: timing.spread([value / arguments.steps for value in values])
        for name, values in seconds.items()
    }
    ratios = {
        name: timing.ratio(values, seconds["memory"])
        for name, values in seconds.items()
        if name != "memory"
    }
    return {"seconds_a_step": report, "times_in_memory": ratios}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--allowed-mib", type=int, default=512)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_set(folder / "set.npz", mib=arguments.mib, size=arguments.size)
        report = {"device": jax.devices()[0].device_kind, **vars(arguments)}
        report |= _peaks(folder, arguments)
        if arguments.repeats:
            report |= _times(folder, arguments)
        print(json.dumps(report))


if __name__ == "__main__":
    main()
