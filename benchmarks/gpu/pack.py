"""Packs what a machine without internet lacks: wheels, data sets and the reference."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from gpu import records

# Dependencies of medjax that an image with jax, flax, optax, orbax and torch may lack.
WHEELS = ("ml_collections", "grain", "array_record", "portpicker", "pooch", "platformdirs")
DATA = ("pneumoniamnist", "breastmnist", "mnist")
REFERENCE = ("utils.py", "networks.py", "LICENSE")
LIMIT = 60 * 2**20
_PLATFORMS = ("2_28", "2_27", "2_24", "2_17")


def pack(folder: Path, *, reference: str | None, data: Path | None) -> None:
    """Fills a folder and prints the command to run on the other machine."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wheels").mkdir(parents=True)
    _download(folder / "wheels")
    _copy_data(folder / "data", data)
    if reference:
        _copy_reference(folder / "reference", reference)
    (folder / "commit").write_text(records.commit() + "\n")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 2**20:.1f} MiB of at most {LIMIT / 2**20:.0f}", file=sys.stderr)
    if size > LIMIT:
        raise SystemExit(f"{folder} is larger than {LIMIT / 2**20:.0f} MiB")
    print(command(folder))


def command(folder: Path) -> str:
    """Returns the command, for the repository's root."""
    site = "/tmp/medjax_site"
    return (
        f"python3 -m pip install -q --no-index --no-deps --no-compile --upgrade --target {site} "
        f"{folder.name}/wheels/*.whl; "
        f"PYTHONPATH=$PWD:{site} MEDJAX_DATA_DIR={folder.name}/data PYTHONUNBUFFERED=1 "
        f"python3 benchmarks/gpu_proof.py --seconds=500 --out=${{OUT:-/tmp/proof}} "
        f"--reference={folder.name}/reference"
    )


def _download(folder: Path) -> None:
    platforms = [f"--platform=manylinux_{version}_x86_64" for version in _PLATFORMS]
    options = ["--no-deps", "--only-binary=:all:", "--python-version=3.12", "--implementation=cp"]
    platforms += ["--platform=manylinux2014_x86_64", "--platform=manylinux1_x86_64"]
    for name in WHEELS:
        command = [sys.executable, "-m", "pip", "download", "-q", *options, *platforms]
        done = subprocess.run([*command, "-d", str(folder), name], check=False)
        if done.returncode:
            print(f"no wheel of {name}; the rows do without it", file=sys.stderr)


def _copy_data(folder: Path, data: Path | None) -> None:
    folder.mkdir()
    for name in DATA:
        path = (data or Path(os.devnull)) / f"{name}.npz"
        if path.exists():
            shutil.copyfile(path, folder / path.name)
        else:
            print(f"no {path.name}; the rows do without it", file=sys.stderr)


def _copy_reference(folder: Path, reference: str) -> None:
    """Copies from a checkout, or from a git directory without one."""
    folder.mkdir()
    for name in REFERENCE:
        path = Path(reference) / name
        if path.exists():
            shutil.copyfile(path, folder / name)
        else:
            show = ["git", "-C", reference, "show", f"HEAD:{name}"]
            (folder / name).write_bytes(
                subprocess.run(show, capture_output=True, check=True).stdout
            )
