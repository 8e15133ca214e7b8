"""How the commands set JAX up, before anything is computed."""

import os
from collections.abc import Mapping
from pathlib import Path

import jax


def set_up_jax(environment: Mapping[str, str]) -> None:
    """Makes two devices of a CPU with several cores, and keeps compiled programs for later runs.

    Each of the two devices computes what is not a matrix product on a core of its own, where a
    single one leaves cores idle (docs/PERFORMANCE.md); other platforms do not notice. Programs are
    kept in ``~/.cache/medjax/xla``, or under ``$XDG_CACHE_HOME``. What the environment says of
    either is left as it is.

    Args:
      environment: as ``os.environ``; ``JAX_NUM_CPU_DEVICES=1`` keeps a CPU in one piece,
        ``JAX_COMPILATION_CACHE_DIR`` names another folder.

    Example:
      >>> set_up_jax({"JAX_NUM_CPU_DEVICES": "1", "JAX_COMPILATION_CACHE_DIR": "cache"})
    """
    forced = "xla_force_host_platform_device_count" in environment.get("XLA_FLAGS", "")
    own = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    if len(own) > 1 and not forced and "JAX_NUM_CPU_DEVICES" not in environment:
        jax.config.update("jax_num_cpu_devices", 2)
    if not environment.get("JAX_COMPILATION_CACHE_DIR"):
        folder = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(folder / "medjax" / "xla"))
