"""Row d: a DM step of colour images of 224 pixels, and the memory that it takes."""

import time
from typing import Any

import cases
import jax

from gpu import context
from medjax import planning


def dm(ctx: context.Context) -> None:
    """Times a step as it is planned."""
    case = cases.Case(3, 16 if ctx.tiny else 224, 2, 10)
    for precision in ("tf32",) if ctx.tiny else ("bfloat16", "tf32"):  # the smaller peak first
        name = f"d dm {case.shape} {precision}"
        with ctx.part(name):
            found = _step(case, precision, steps=1 if ctx.tiny else 5)
            ctx.emit(name, precision=precision, **found)


def _step(case: cases.Case, precision: str, *, steps: int) -> dict[str, Any]:
    chunks, fit = [], planning.fit

    def recorded(*args, **options):
        chosen = fit(*args, **options)
        chunks.append(list(chosen))
        return chosen

    planning.fit = recorded
    try:
        net = context.network(case, precision=precision, depth=None)
        distiller = context.distiller("dm", case, net=net)
        key, real = jax.random.key(0), context.real_images(case, per_class=cases.BATCH_REAL)
        state = distiller.init(key, real)
        start = time.perf_counter()
        state, info = jax.block_until_ready(distiller.step(key, state, real, 1))
        compiled = time.perf_counter() - start
        times = []
        for _ in range(3):
            start = time.perf_counter()
            state, info = jax.block_until_ready(distiller.step(key, state, real, steps))
            times.append((time.perf_counter() - start) / steps)
    finally:
        planning.fit = fit
    memory = jax.local_devices()[0].memory_stats() or {}
    kept = {k: memory[k] for k in ("peak_bytes_in_use", "bytes_limit") if k in memory}
    return {
        "step_s": {"median": sorted(times)[1], "min": min(times), "max": max(times)},
        "first_call_s": compiled,
        "chunks": chunks[-1:],
        "budget_bytes": planning.device_budget(),
        "loss": float(info.loss),
        "bad_step": int(info.bad_step),
        **kept,
    }
