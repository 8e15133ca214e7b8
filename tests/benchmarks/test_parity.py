"""A distilled set that the reference and medjax judge."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data
from medjax.types import SyntheticSet

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "parity.py"


@pytest.fixture
def parity():
    return importlib.import_module("parity")


@pytest.fixture
def checkout(tmp_path):
    """Stands in for a checkout."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("utils.py", "networks.py"):
        (folder / name).touch()
    return folder


def save_set(path, shape=(28, 28, 1), **extra):
    path.parent.mkdir(exist_ok=True)
    synthetic = SyntheticSet(jnp.zeros((2, *shape)), jnp.arange(2))
    stats = np.full(shape[-1], 0.5)
    data.save_synthetic(path, synthetic, mean=stats, std=stats, **extra)
    return path


def save_mnist(folder):
    """Two classes under the name that the reference augments."""
    rng, arrays = np.random.default_rng(0), {}
    for split, n in (("train", 8), ("test", 6)):
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays |= {f"{split}_images": images, f"{split}_labels": np.arange(n) % 2}
    np.savez(folder / "mnist.npz", **arrays)
    return folder / "mnist.npz"


def run(parity, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["parity.py", *map(str, arguments)])
    parity.main()


def refusal(parity, monkeypatch, capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        run(parity, monkeypatch, *arguments)
    assert stopped.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("file", ["utils.py", "networks.py"])
def test_what_is_no_checkout_is_told(parity, monkeypatch, capsys, checkout, file):
    pytest.importorskip("torch", reason="needs torch: pip install -e '.[torch]'")
    (checkout / file).unlink()
    said = refusal(parity, monkeypatch, capsys, "--set=a", f"--reference={checkout}", "--data=b")
    assert said == f"{checkout} is no checkout of the reference: no {file}\n"


def test_a_missing_torch_is_told(parity, monkeypatch, capsys, checkout):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = refusal(parity, monkeypatch, capsys, "--set=a", f"--reference={checkout}", "--data=b")
    assert said == "the reference needs torch: pip install -e '.[torch]'\n"


def test_what_the_reference_cannot_take_is_told(parity, monkeypatch, capsys, checkout, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    common = f"--reference={checkout}", f"--data={save_mnist(tmp_path)}"
    missing = f"--set={tmp_path / 'none.npz'}"
    assert "there is no file" in refusal(parity, monkeypatch, capsys, missing, *common)
    small = f"--set={save_set(tmp_path / 'small.npz', (8, 8, 1))}"
    said = refusal(parity, monkeypatch, capsys, small, *common)
    assert "holds (8, 8, 1), but" in said and said.count("\n") == 1
    said = refusal(parity, monkeypatch, capsys, small, *common, "--networks=0")
    assert said == "--networks must be at least 1, got 0\n"


def test_the_recipe_is_that_of_the_sets_method(parity, monkeypatch, checkout, tmp_path):
    path, mnist = save_set(tmp_path / "run" / "synthetic.npz", step_size=0.03), save_mnist(tmp_path)

    def case(*options, name=mnist):
        argv = ["parity.py", f"--set={path}", f"--reference={checkout}", f"--data={name}", *options]
        monkeypatch.setattr(sys, "argv", argv)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
        return parity.make_case(parity._arguments()[0])

    found = case()
    assert (found.method, found.augment) == ("dc", "dc_crop_scale_rotate")
    assert (found.epochs, found.width, found.learning_rate) == (1000, 128, pytest.approx(0.03))
    np.testing.assert_allclose(found.images, 0, atol=1e-6)
    summary = {"method": "dsa", "config": {}}
    path.with_name("summary.json").write_text(json.dumps(summary))
    assert (case().method, case().augment) == ("dsa", "color_crop_cutout_scale_rotate")
    assert case("--method=dc").augment == "dc_crop_scale_rotate"
    other = mnist.rename(mnist.with_name("other.npz"))
    plain = case("--method=dc", name=other)
    assert (plain.augment, plain.epochs) == ("none", 300)


def test_a_trial(tmp_path):
    """Both codes; name a checkout in ``MEDJAX_REFERENCE``."""
    pytest.importorskip("torch", reason="needs torch: pip install -e '.[torch]'")
    reference = os.environ.get("MEDJAX_REFERENCE")
    if not reference:
        pytest.skip("needs the reference: set MEDJAX_REFERENCE to a checkout")
    path, out = save_set(tmp_path / "run" / "synthetic.npz"), tmp_path / "made" / "parity.jsonl"
    options = f"--reference={reference}", f"--data={save_mnist(tmp_path)}", f"--out={out}"
    command = [sys.executable, str(SCRIPT), f"--set={path}", *options, "--tiny", "--networks=2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "dc: dc_crop_scale_rotate, 2 epochs, 2 images"
    assert [line.partition(":")[0] for line in said[1:]] == ["reference", "medjax"]
    (row,) = map(json.loads, out.read_text().splitlines())
    assert row["set"] == "run" and row["tiny"] and row["seed"] == 0 and row["commit"]
    for scores in row["accuracy_percent"].values():
        assert len(scores["values"]) == 2 and scores["mean"] == np.mean(scores["values"])
