"""Small inputs of the kinds that people report to fail, and the commands that read them.

``cases.tar.xz`` holds a folder for each case. Where a folder ``NAME.right`` stands beside ``NAME``,
both must give the same images, labels and splits. Images are 16×16, all different, with a pattern
that depends on the class.
"""

import json
import logging
import pathlib
import shutil
import subprocess
import sys
import tarfile
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from medjax import data, launch
from medjax.cli import data as cli_data
from medjax.cli import evaluate as cli_evaluate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHORT = (
    "net.name=mlp,ipc=2,evaluation.networks=1,evaluation.select_networks=1,evaluation.epochs=1,"
    "evaluation.whole_steps=2"
)


class Said(NamedTuple):
    """What a command did: its exit status, its output, and the lines on standard error."""

    status: int
    out: str
    lines: list[str]
    report: dict[str, Any] | None = None

    @property
    def line(self) -> str:
        """The last line on standard error: the error, if there is one."""
        return self.lines[-1]

    @property
    def warnings(self) -> list[str]:
        """The warnings, in whichever place the command prints them."""
        lines = [*self.out.splitlines(), *self.lines]
        return [line.partition("warning: ")[2] for line in lines if "warning: " in line]

    @property
    def images(self) -> int:
        """The number of images that were described."""
        assert self.status == 0, self.line
        return sum(split["images"] for split in self.report["splits"].values())

    def warned(self, *parts: str) -> bool:
        """Whether a warning holds all parts."""
        return any(all(part in line for part in parts) for line in self.warnings)

    def refused(self, *parts: str) -> bool:
        """Whether the command was refused with a line that holds all parts."""
        assert self.status == 2, self.out
        assert all(part in self.line for part in parts), self.line
        return True


@pytest.fixture(scope="session")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    with tarfile.open(HERE / "cases.tar.xz") as archive:
        archive.extractall(folder, filter="tar")
    return folder


@pytest.fixture
def case(cases, tmp_path):
    """``case(name)`` is a fresh copy of a case's folder, with ``name.right`` beside it."""

    def copy(name):
        for found in (cases / name, cases / f"{name}.right"):
            if found.is_dir():
                shutil.copytree(found, tmp_path / found.name, symlinks=True)
        return tmp_path / name

    return copy


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """``run(main, *argv)`` runs a command in this process, in a folder of its own."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path / "cache"))
    logger, level = logging.getLogger("medjax"), logging.getLogger("medjax").level
    monkeypatch.setattr(logger, "handlers", logger.handlers)
    monkeypatch.setattr(logger, "propagate", logger.propagate)

    def command(main, *argv):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", "the load_module", DeprecationWarning)
            status = main(["command", *map(str, argv)])
        said = capsys.readouterr()
        return Said(status, said.out, said.err.splitlines())

    yield command
    logger.setLevel(level)


@pytest.fixture
def describe(run, tmp_path):
    """``describe(path, *flags)`` runs ``python -m medjax.data`` on a folder or an npz file."""

    def command(path, *flags, size=16):
        name = f"folder:{path}" if pathlib.Path(path).is_dir() else path
        out = tmp_path / "described.json"
        out.unlink(missing_ok=True)
        said = run(cli_data.main, f"--name={name}", f"--size={size}", f"--out={out}", *flags)
        return said._replace(report=json.loads(out.read_text()) if out.exists() else None)

    return command


@pytest.fixture
def score(run, tmp_path):
    """``score(set, data, *flags)`` runs ``python -m medjax.evaluate`` with one tiny network."""

    def command(synthetic, name, *flags):
        out = tmp_path / "scores.json"
        short = ("--nets=mlp", "--networks=1", "--epochs=1", f"--out={out}")
        said = run(cli_evaluate.main, f"--synthetic={synthetic}", f"--data={name}", *short, *flags)
        return said._replace(report=json.loads(out.read_text()) if out.exists() else None)

    return command


@pytest.fixture
def distil(run, tmp_path):
    """``distil(words, *flags)`` runs the launcher, by default on a random core-set."""

    def command(words, *flags, config="coreset.py:random", workdir=tmp_path / "work", short=SHORT):
        where = f"--config={ROOT}/configs/{config},{words},{short}"
        said = run(launch.main, where, f"--workdir={workdir}", *flags)
        summary = pathlib.Path(workdir).expanduser() / "summary.json"
        return said._replace(report=json.loads(summary.read_text()) if summary.exists() else None)

    return command


@pytest.fixture
def save():
    """``save(path, label, number)`` writes a picture like no other, brighter at right by class."""

    def write(path, label, number):
        image = np.random.default_rng([label, number]).integers(20, 120, (16, 16))
        image[:, 8:] += 90 * (label % 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(path)

    return write


@pytest.fixture
def outside():
    """``outside(*argv, env=None)`` runs Python in a process of its own."""

    def command(*argv, env=None, encoding=None):
        python = [sys.executable, *map(str, argv)]
        done = subprocess.run(python, capture_output=True, text=True, env=env, encoding=encoding)
        return Said(done.returncode, done.stdout, done.stderr.splitlines())

    return command


@pytest.fixture
def same_images():
    """``same_images(one, other)`` compares the images, labels and splits of two sets."""

    def compare(one, other, *, sources=None):
        first = data.load(one, size=16, sources=sources)
        second = data.load(other, size=16)
        assert list(first.splits) == list(second.splits)
        assert first.info.classes == second.info.classes
        for name, split in first.splits.items():
            np.testing.assert_array_equal(split.images, second.splits[name].images)
            np.testing.assert_array_equal(split.labels, second.splits[name].labels)

    return compare


@pytest.fixture
def table(save, tmp_path):
    """``table(*rows)`` makes 24 pictures in one folder, and a table of them or of given rows."""

    def make(*rows, header="file,label", name="table.csv", edit=lambda text: text):
        folder = tmp_path / "set"
        for number in range(24):
            save(folder / f"scan_{number:02d}.png", number % 2, number)
        rows = rows or [f"scan_{n:02d}.png,{('benign', 'malignant')[n % 2]}" for n in range(24)]
        text = edit("\n".join([header, *rows]))
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder, f"--folder.table={name}"

    return make
