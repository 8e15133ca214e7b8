"""Row 0: what is in the compiled steps, and what a step does beside computing."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

from gpu import context, profiles
from medjax import methods, planning

METHODS = ("dm", "dsa", "dc", "mtt")
_HOST_OPERATIONS = ("infeed", "outfeed", "send", "recv")
_CPU_NAMES = ("onednn", "__ynn", "xnnpack", "eigen", "ducc", "acl_", "lapack")
_COMPILED = "backend_compile_duration"


def run(ctx: context.Context) -> None:
    """Checks all methods; the compiled programs are kept for the rows that time them."""
    case, steps, compiled = context.main_case(), {}, {}
    names = METHODS[:1] if ctx.tiny else METHODS
    with ThreadPoolExecutor(len(names)) as pool:
        for method in names:
            with ctx.part(f"0 program {method}"):
                steps[method] = _Step(method, case)
                compiled[method] = pool.submit(steps[method].compile)
        for method, step in steps.items():
            with ctx.part(f"0 program {method}"):
                compiled[method].result()
                ctx.emit(f"0 program {method}", precision="tf32", **step.checks(), **step.facts)
            with ctx.part(f"0 profile {method}"):
                ctx.emit(f"0 profile {method}", precision="tf32", **profiles.per_step(step.run))


class _Step:
    """A method's step, traced while the chunk sizes are watched."""

    def __init__(self, method, case):
        options = {}
        if method == "mtt":
            options = {"num_experts": 1, "train_epochs": 3, "max_start_epoch": 1}
            options |= {"syn_steps": 5, "learning_rate": 1.0}
        net = context.network(case, precision="tf32", depth=context.cases.DEPTH)
        self.distiller = context.distiller(method, case, net=net, **options)
        self.key = jax.random.key(0)
        self.real = context.real_images(case, per_class=context.cases.BATCH_REAL + 44)
        if method == "mtt":
            self.real = with_experts(self.real, net, snapshots=4)
        self.state = self.distiller.init(self.key, self.real)
        self.facts, self.compiles = {}, 0
        arguments = self.key, self.state, self.real, 2
        with _watched() as chunks:
            self.lowered = self.distiller.step.lower(*arguments)
        self.facts["chunks"] = chunks
        self.facts |= _trace_facts(str(jax.make_jaxpr(self.distiller.step)(*arguments)))

    def compile(self) -> None:
        compiled = self.lowered.compile()
        self.facts |= program_facts(compiled.as_text())
        memory = compiled.memory_analysis()
        self.facts["scratch_bytes"] = getattr(memory, "temp_size_in_bytes", None)

    def run(self, count: Any) -> None:
        self.state, info = self.distiller.step(self.key, self.state, self.real, count)
        jax.block_until_ready(info)

    def checks(self) -> dict[str, Any]:
        """Runs the step: nothing may be compiled again, and nothing sent."""
        self.run(2)
        before = self.distiller.step._cache_size()
        with _compilations() as compiled:
            for count in (2, 3, 5):
                self.run(count)
        recompiled = len(compiled), self.distiller.step._cache_size() - before
        count = jnp.asarray(3)
        self.run(count)
        try:
            with jax.transfer_guard("disallow"):
                self.run(count)
            transfers = "none"
        except Exception as error:  # the guard's own error says which array it was
            transfers = str(error).splitlines()[0][:200]
        facts = self.facts
        sound = not facts["callbacks"] + facts["host_operations"]
        if jax.default_backend() != "cpu":
            unchunked = all(size is None for chunks in facts["chunks"] for size in chunks)
            sound = sound and unchunked and not facts["cpu_libraries"] and not facts["winograd"]
        return {
            "holds": bool(sound and recompiled == (0, 0) and transfers == "none"),
            "compilations_in_later_calls": recompiled[0],
            "new_programs_in_later_calls": recompiled[1],
            "transfers_under_guard": transfers,
        }


def with_experts(real: Any, net: Any, *, snapshots: int) -> Any:
    """Adds one made-up expert that moves a little in every epoch."""
    image = jnp.zeros((1, *real.images.shape[1:]), jnp.float32)
    start = jax.flatten_util.ravel_pytree(net.init(jax.random.key(1), image)["params"])[0]
    assert start.size == methods.vector_size(net, real)
    moves = jax.random.normal(jax.random.key(2), (snapshots, start.size)) * 0.01
    return real._replace(experts=start + jnp.cumsum(moves, axis=0))


class _watched:  # noqa: N801
    """Records the chunk sizes while something is traced."""

    def __enter__(self) -> list[list[int | None]]:
        seen, self.fit = [], planning.fit

        def recorded(*args, **options):
            chunks = self.fit(*args, **options)
            if list(chunks) not in seen:
                seen.append(list(chunks))
            return chunks

        planning.fit = recorded
        return seen

    def __exit__(self, *_):
        planning.fit = self.fit


class _compilations:  # noqa: N801
    """Lists the compilations that happen inside."""

    def __enter__(self) -> list[str]:
        self.seen, self.on = [], True

        def heard(event, *_, **__):
            if self.on and event.endswith(_COMPILED):
                self.seen.append(event)

        jax.monitoring.register_event_duration_secs_listener(heard)
        return self.seen

    def __exit__(self, *_):
        self.on = False


def _trace_facts(text: str) -> dict[str, Any]:
    """Returns loops and convolutions of a traced step."""
    return {
        "traced_while": text.count(" while["),
        "traced_scan": text.count(" scan["),
        "traced_convolutions": text.count("conv_general_dilated["),
        "traced_products": text.count("dot_general["),
        "traced_callbacks": len(re.findall(r"\b\w*callback\w*\[", text)),
        "traced_grouped": _grouped(text, r"(?:feature|batch)_group_count=(\d+)"),
    }


def program_facts(text: str) -> dict[str, Any]:
    """Returns what a compiled program holds, read from its HLO.

    Args:
      text: optimised HLO.

    Returns:
      Callbacks, operations that talk to the host, grouped convolutions, names of a CPU's
      libraries, instructions of a CPU's filtering, and how often the program calls which library.
    """
    targets = Counter(re.findall(r'custom_call_target="([^"]+)"', text))
    lower = text.lower()
    return {
        "callbacks": sum(n for name, n in targets.items() if "callback" in name.lower()),
        "host_operations": sum(
            len(re.findall(rf"= [^=\n]* {name}(?:-done)?\(", text)) for name in _HOST_OPERATIONS
        ),
        "host_memory": len(re.findall(r"\{[^}]*S\(5\)[^}]*\}", text)),
        "grouped_convolutions": _grouped(text, r"(?:feature|batch)_group_count=(\d+)"),
        "cpu_libraries": [name for name in _CPU_NAMES if name in lower],
        "winograd": lower.count("/winograd/"),
        "library_calls": dict(targets.most_common(12)),
        "fusions": len(re.findall(r" fusion\(", text)),
        "loops": len(re.findall(r" while\(", text)),
        "program_bytes": len(text),
    }


def _grouped(text: str, pattern: str) -> int:
    return sum(int(count) > 1 for count in re.findall(pattern, text))
