"""Memory that a run takes whose data is larger than it may hold."""

import json
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "streaming.py"


def test_a_set_four_times_what_is_allowed():
    """The run measures itself in a separate process."""
    allowed, size = 64, 256
    options = {"mib": size, "allowed-mib": allowed, "size": 32, "width": 4, "batch": 64}
    options |= {"steps": 4, "repeats": 0}
    command = [
        sys.executable,
        SCRIPT,
        *(f"--{option}={value}" for option, value in options.items()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    peak = json.loads(done.stdout)["peak_mib"]
    assert peak["disk"] <= allowed
    assert peak["memory"] >= size  # so it can be seen
