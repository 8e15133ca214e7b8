"""Times the quickstart command up to its first outer step, with a cold and a warm cache.

python benchmarks/startup.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CONFIG = f"--config={ROOT / 'configs' / 'quickstart.py'}"


def measure() -> dict[str, float]:
    """Returns the seconds of the imports, and those until the first step's loss is written."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": f"{folder}/cache"}
        environment.pop("JAX_COMPILATION_CACHE_DIR", None)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import medjax.run.distill"], check=True, cwd=ROOT)
        seconds = {"import": time.perf_counter() - start}
        for name in ("cold", "warm"):
            seconds[name] = _first_step(Path(folder) / name, environment)
        return seconds


def _first_step(workdir: Path, environment: dict[str, str]) -> float:
    command = [sys.executable, "-m", "medjax.launch", _CONFIG, f"--workdir={workdir}"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--config.log_every=1"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metrics = workdir / "metrics.jsonl"
    try:
        while not (metrics.exists() and metrics.stat().st_size):
            if process.poll() is not None:
                raise RuntimeError(f"the launcher ended with {process.returncode}")
            time.sleep(0.02)
        return time.perf_counter() - start
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    print(json.dumps(measure()))
