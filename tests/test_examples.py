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
