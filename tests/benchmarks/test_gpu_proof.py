"""The proof that runs on a GPU, at toy size on a CPU."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "gpu_proof.py"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


def results(folder):
    lines = (folder / "proof.jsonl").read_text().splitlines()
    return {row["row"]: row for row in map(json.loads, lines)}


def test_every_row_at_toy_size(tmp_path):
    done = run("--tiny", "--seconds=480", f"--out={tmp_path}", f"--reference={tmp_path / 'none'}")
    assert done.returncode == 0, done.stderr
    found = results(tmp_path)
    assert not [row for row in found.values() if "failed" in row]
    proof = importlib.import_module("gpu_proof")
    assert {f"end of {name}" for name in proof.ROWS} < set(found)
    program = found["0 program dm"]
    assert program["compilations_in_later_calls"] == 0 and program["callbacks"] == 0
    assert found["a golden convnet_c1_28 float32"]["holds"]
    assert found["a step dm float32"]["greatest"] == 0  # both sides are the CPU here
    assert found["b dm 3x8x2 tf32"]["medjax_s"]["median"] > 0
    assert found["b dm 3x8x2 tf32"]["versions"]["jax"] and found["b dm 3x8x2 tf32"]["commit"]
    assert found["c dsa made-up ipc 1"]["iterations"] == 4


def test_a_row_that_fails_is_a_row_and_the_next_runs(tmp_path):
    """Without ``--tiny`` a row refuses to run on a CPU."""
    done = run("--seconds=120", "--rows=rates,epoch", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    found = results(tmp_path)
    assert list(found) == ["end of rates", "end of epoch"]
    if "exit status 1: no GPU" not in found["end of rates"].get("failed", ""):
        pytest.skip("needs a machine without a GPU")
    assert found["end of epoch"]["tail"]


def test_rows_that_no_time_is_left_for_say_so(tmp_path):
    assert run("--tiny", "--seconds=1", f"--out={tmp_path}").returncode == 0
    found = results(tmp_path)
    assert {row["failed"] for row in found.values()} == {"out of time"}
    assert len(found) == len(importlib.import_module("gpu_proof").ROWS)


def test_unknown_rows_are_refused(tmp_path):
    done = run("--rows=nothing", f"--out={tmp_path}")
    assert done.returncode == 2 and "unknown row 'nothing'; choose from: program" in done.stderr


def test_what_a_compiled_program_holds():
    programs = importlib.import_module("gpu.programs")
    text = """
      a = f32[2] custom-call(b), custom_call_target="xla_ffi_python_gpu_callback"
      c = f32[2] convolution(a, b), feature_group_count=4, custom_call_target="__cudnn$conv"
      d = (f32[2], token[]) infeed(e)
      f = f32[2]{0:S(5)} copy(c)
      g = f32[2] fusion(f), calls=h
    """
    facts = programs.program_facts(text)
    names = ("callbacks", "host_operations", "host_memory", "grouped_convolutions", "fusions")
    assert [facts[name] for name in names] == [1, 1, 1, 1, 1]
    assert facts["library_calls"]["__cudnn$conv"] == 1 and facts["cpu_libraries"] == []


def test_events_of_a_trace_are_told_apart():
    profiles = importlib.import_module("gpu.profiles")
    names = ("loop_add_fusion", "MemcpyH2D", "Memcpy DtoH", "MemcpyD2D", "Memset")
    kinds = ["kernel", "host_to_device", "device_to_host", "copy_on_device", "memset"]
    assert [profiles._kind(name) for name in names] == kinds
    events = [
        {"ph": "M", "pid": 1, "name": "process_name", "args": {"name": "/device:GPU:0 x"}},
        {"ph": "M", "pid": 1, "tid": 7, "name": "thread_name", "args": {"name": "Stream #7"}},
        {"ph": "X", "pid": 1, "tid": 7, "name": "kernel", "dur": 2},
        {"ph": "X", "pid": 1, "tid": 8, "name": "module", "dur": 2},
    ]
    assert list(profiles._json_events(events)) == [("kernel", 2000)]
