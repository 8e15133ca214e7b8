"""How results are written, and from which commit; imports nothing that may be missing."""

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def append(path: Path, row: dict[str, Any]) -> None:
    """Appends a line in one write, as rows may run at the same time."""
    line = (json.dumps(row, default=_plain) + "\n").encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def commit() -> str:
    """Returns the commit: that of the checkout, or the one that the packer wrote down."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    packed = ROOT / ".gpu" / "commit"
    return packed.read_text().strip() if packed.exists() else "unknown"
