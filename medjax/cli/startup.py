"""Sets up JAX for the commands, before anything is computed."""

import os
from collections.abc import Mapping

import jax

from medjax import store


def set_up_jax(environment: Mapping[str, str]) -> None:
    """Splits a CPU with several cores into two devices, and keeps compiled programs for later runs.

    Each of the two devices runs everything except matrix products on its own core; a single device
    leaves cores idle (docs/PERFORMANCE.md). Other platforms are unaffected. Programs are kept in
    ``~/.cache/medjax/xla``, or under ``$XDG_CACHE_HOME``, and not at all without a home directory.
    The environment takes precedence.

    Args:
      environment: usually ``os.environ``; ``JAX_NUM_CPU_DEVICES=1`` keeps a CPU as one device,
        ``JAX_COMPILATION_CACHE_DIR`` names another folder.

    Example:
      >>> set_up_jax({"JAX_NUM_CPU_DEVICES": "1", "JAX_COMPILATION_CACHE_DIR": "cache"})
    """
    forced = "xla_force_host_platform_device_count" in environment.get("XLA_FLAGS", "")
    known = hasattr(os, "sched_getaffinity")  # Linux alone
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    if cores > 1 and not forced and "JAX_NUM_CPU_DEVICES" not in environment:
        jax.config.update("jax_num_cpu_devices", 2)
    if not environment.get("JAX_COMPILATION_CACHE_DIR"):
        folder = store.user_cache(environment)
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", str(folder / "medjax" / "xla"))
