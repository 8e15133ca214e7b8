"""Times ``medjax.data`` and the start of a run on a folder of many files, with and without a cache.

    python benchmarks/folders.py --files=60000 --side=64
    python benchmarks/folders.py --files=200 --side=2000 --whole=7000    # estimates a set of 30 GB

prints one line of JSON: the seconds and the peak memory of each command in a process of its own,
the first time and the second, beside the seconds that reading the bytes alone takes. The start of
a run ends when its first step is traced; ``empty`` is that of a run on the phantom, without files.
``--whole`` scales the rest of the first start to that many files.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
_CLASSES = 4
_START = """
import sys, time
start = time.perf_counter()
from medjax.run import config, setup
from medjax.run.settings import Settings
words = f"quick,data.cache={sys.argv[2]},distill.batch_real=16,distill.init=noise"
made = config.make("dm", sys.argv[1], words)
setup.make_experiment(Settings.from_config(made.to_dict()))
print(time.perf_counter() - start)
"""


def write_folder(folder: pathlib.Path, *, files: int, side: int) -> int:
    """Writes grey PNG files in class folders; returns their bytes."""
    rng, total = np.random.default_rng(0), 0
    coarse = max(side // 8, 1)
    for number in range(files):
        part = folder / f"class_{number % _CLASSES}"
        part.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 256, (coarse, coarse), np.uint8)
        image = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
        grain = rng.integers(0, 8, (side, side), np.uint8)
        path = part / f"scan_{number:06d}.png"
        Image.fromarray(np.asarray(image) // 2 + grain).save(path, compress_level=1)
        total += path.stat().st_size
    return total


def read_bytes(folder: pathlib.Path) -> float:
    """Returns the seconds of reading all files once."""
    start = time.perf_counter()
    for part in os.scandir(folder):
        for file in os.scandir(part):
            with open(file, "rb") as stream:
                stream.read()
    return time.perf_counter() - start


def run(*command: str, cache: pathlib.Path) -> dict[str, float]:
    """Runs Python in a process of its own; returns its seconds and its peak memory."""
    environment = {**os.environ, "MEDJAX_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, cwd=ROOT
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[:2]} ended with {status}")
    return {"seconds": time.perf_counter() - start, "peak_mib": used.ru_maxrss / 1024}


def measure(folder: pathlib.Path, *, files: int, side: int, size: int) -> dict[str, object]:
    """Measures one folder."""
    total, name = write_folder(folder / "set", files=files, side=side), f"folder:{folder / 'set'}"
    seconds = [read_bytes(folder / "set") for _ in range(3)]
    found = {"files": files, "side": side, "size": size, "bytes": total, "read_s": min(seconds)}
    data = "-m", "medjax.data", f"--name={name}", f"--size={size}"
    start = "-c", _START, name
    for what, command in (("data", data), ("start", start)):
        cache = folder / f"cache_{what}"
        more = (str(cache),) if what == "start" else ()
        for when in ("first", "second"):
            found[f"{what}_{when}"] = run(*command, *more, cache=cache)
    found["empty"] = run("-c", _START, "phantom", str(folder / "none"), cache=folder / "none")
    return found


def main() -> None:
    """Measures the folder that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=60_000)
    parser.add_argument("--side", type=int, default=64, help="side of the files in pixels")
    parser.add_argument("--size", type=int, default=28, help="side of the images in pixels")
    parser.add_argument("--whole", type=int, help="files of a set to estimate")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="folders_") as folder:
        found = measure(
            pathlib.Path(folder), files=arguments.files, side=arguments.side, size=arguments.size
        )
    if arguments.whole:
        factor = arguments.whole / arguments.files
        fixed = found["empty"]["seconds"]
        first = found["start_first"]["seconds"]
        found["whole"] = {
            "files": arguments.whole,
            "gigabytes": found["bytes"] * factor / 1e9,
            "read_s": found["read_s"] * factor,
            "start_first_s": fixed + (first - fixed) * factor,
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
