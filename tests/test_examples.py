"""The examples run unchanged, including those of the README and of docs/METHODS.md."""

import os
import pathlib
import re
import subprocess
import sys

import jax
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def own_loop():
    """The output of two steps of ``own_loop.py``."""
    command = [sys.executable, "-W", "error", "examples/own_loop.py", "--steps=2", "--width=4"]
    env = os.environ | {"JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_method_in_a_loop_of_ones_own(own_loop):
    losses = re.findall(r"^iteration (\d+): loss ([\d.]+)$", own_loop, re.MULTILINE)
    assert [step for step, _ in losses] == ["1", "2"] and all(float(x) > 0 for _, x in losses)
    assert re.search(r"^dm: 8 images, pixels -?[\d.]+ to [\d.]+$", own_loop, re.MULTILINE)


def test_a_kernel_with_a_plain_function(own_loop):
    first, last = re.findall(r"^kernel, step \d+: gradient distance ([\d.]+)$", own_loop, re.M)
    assert 0 < float(last) < float(first)


def test_from_hospital_to_hospital(striped, tmp_path):
    words = (
        "quick,ipc=1,net.width=4,net.depth=1,distill.batch_real=8,iterations=2,log_every=1,"
        "evaluation.every=2,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.batch_size=16,"
        "evaluation.networks=2,evaluation.select_networks=1,evaluation.augment=none,"
        "mesh.devices=1,distill.augment=none"
    )
    command = [sys.executable, "-W", "error", "examples/hospital_to_hospital.py"]
    command += [f"--data={striped / 'set.npz'}", f"--words={words}", f"--folder={tmp_path}"]
    command += ["--seeds=2"]
    env = os.environ | {"JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(", as asked, and not changed since.") == 4
    number = r"([-+]?[\d.]+) \[[-+]?[\d.]+, [-+]?[\d.]+\]"
    rows = re.findall(rf"^(\w+) +(\d+) +{number} +{number}$", done.stdout, re.M)
    counts = {"site_a": "2", "site_b": "2", "merged": "4", "central": "4"}
    assert {name: count for name, count, _, _ in rows} == counts
    means = {name: float(auroc) for name, _, _, auroc in rows}
    pairs = re.findall(rf"^merged − (\w+) +{number} +{number}$", done.stdout, re.M)
    assert [name for name, _, _ in pairs] == ["site_a", "site_b", "central"]
    for name, _, auroc in pairs:
        assert abs(float(auroc) - (means["merged"] - means[name])) < 2e-3  # both are rounded


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--seeds=0", "--seeds must be at least 1, got 0"),
        ("--data=phantom_findings", "phantom_findings has label rows; take a set with one class"),
        ("--data=nixset", "unknown data set 'nixset'"),
        ("--words=quick,nonsense=3", "hospital_to_hospital: unknown config key 'nonsense'"),
    ],
)
def test_what_the_example_refuses(argument, message, tmp_path):
    command = [sys.executable, "-W", "error", "examples/hospital_to_hospital.py"]
    command += [argument, f"--folder={tmp_path / 'made'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode and message in done.stderr and "Traceback" not in done.stderr


def blocks(name):
    text = (ROOT / name).read_text()
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_kernel_in_the_readme():
    names = {}
    exec(blocks("README.md")[0], names)
    assert names["value"] > 0 and names["gradient"].shape == names["syn"].shape


def test_the_method_on_its_page():
    (source,) = blocks("docs/METHODS.md")
    assert "width=32" in source and ", 100)" in source
    names = {}
    exec(source.replace("width=32", "width=4").replace(", 100)", ", 2)"), names)
    assert names["state"].step == 2 and names["info"].loss > 0
