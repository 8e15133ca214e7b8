"""Rows a: golden files of the PyTorch reference, and a step on the GPU against one on the CPU."""

import importlib.util
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch_layout

from gpu import context, programs, records
from medjax import augment, kernels, nets

GOLDEN = records.ROOT / "tests" / "golden"
_DEPTHS = {"convnet_c1_28": 3, "convnet_c3_32": 3, "convnet_c3_64": 4}
_DISTANCES = {
    "ours": kernels.columnwise_cosine,
    "mse": kernels.squared_error,
    "cos": kernels.cosine,
}
_PRECISIONS = ("float32", "tf32", "float64")


def golden(ctx: context.Context) -> None:
    """Compares losses and pixel gradients with those in the golden files."""
    tolerances = _tolerances()
    names = ("convnet_c1_28",) if ctx.tiny else tuple(_DEPTHS)
    with ctx.part("a golden augmentations"):
        ctx.emit("a golden augmentations", **_augmentations(), tolerance=3e-5)
    for precision in _PRECISIONS[: 1 if ctx.tiny else None]:
        works = [partial(_network_errors, name, precision, small=ctx.tiny) for name in names]
        steps = (1,) if ctx.tiny else (1, 3)
        works.append(partial(_trajectory_errors, precision, steps))
        for name, found in zip(
            (*names, "trajectory_c1_28"), context.at_the_same_time(works), strict=True
        ):
            row = f"a golden {name} {precision}"
            with ctx.part(row):
                if isinstance(found, Exception):
                    raise found
                limits = {key: _limit(key, precision, tolerances) for key in found}
                holds = all(value < limits[key] for key, value in found.items())
                ctx.emit(
                    row,
                    precision=precision,
                    holds=holds,
                    errors=found,
                    greatest=max(found.values()),
                    tolerances=None if precision == "tf32" else limits,
                    note="the tolerances are those of float32" if precision == "tf32" else None,
                )


def _tolerances() -> dict[str, float]:
    """Returns those of tests/kernels/test_golden.py; pytest may be missing where this runs."""
    try:
        path = records.ROOT / "tests" / "kernels" / "test_golden.py"
        spec = importlib.util.spec_from_file_location("medjax_test_golden", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.TOLERANCES
    except ImportError:
        return {"float64": 1e-6, "float32": 1e-3}


def _limit(key: str, precision: str, tolerances: dict[str, float]) -> float:
    # As in the test: the column-wise cosine's pixel gradient is ill-conditioned in float32.
    loose = key == "ours gradient" and precision != "float64"
    return 1e-2 if loose else tolerances["float64" if precision == "float64" else "float32"]


def relative_error(ours: Any, theirs: Any) -> float:
    """Returns the norm of the difference relative to the norm of the second."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(np.linalg.norm(np.ravel(ours - theirs)) / np.linalg.norm(np.ravel(theirs)))


def _load(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as archive:
        return dict(archive)


def _nhwc(images, dtype):
    return jnp.asarray(np.moveaxis(images, -3, -1).astype(dtype))


def _nchw(images):
    return np.moveaxis(np.asarray(images), -1, -3)


def _params(arrays: dict[str, np.ndarray], prefix: str, dtype: str) -> Any:
    return jax.tree.map(jnp.asarray, torch_layout.convnet_params(arrays, prefix, dtype))


def _network_errors(name: str, precision: str, *, small: bool) -> dict[str, float]:
    dtype = "float64" if precision == "float64" else "float32"
    with jax.enable_x64(dtype == "float64"):
        arrays = _load(name)
        params = _params(arrays, "param/", dtype)
        net = nets.make(
            "convnet",
            num_classes=params["head"]["bias"].size,
            width=params["conv_0"]["bias"].size,
            depth=_DEPTHS[name],
            precision="tf32" if precision == "tf32" else "float32",
        )
        real, syn = _nhwc(arrays["real"], dtype), _nhwc(arrays["syn"], dtype)
        labels = jnp.arange(len(real), dtype=jnp.int32)

        def embed(params, images):
            return net.apply({"params": params}, images, method="embed")

        def apply(params, images):
            return net.apply({"params": params}, images)

        def matched(distance, label, real, syn):
            each = jnp.full(len(real), label), jnp.full(len(syn), label)
            sides = real, each[0], syn, each[1]
            return kernels.matching_loss(apply, params, *sides, distance=distance)

        def dm(syn):
            one = partial(kernels.mean_embedding_loss, embed, params)
            return jnp.sum(jax.vmap(one)(real, syn))

        def dc(distance, syn):
            return jnp.sum(jax.vmap(partial(matched, distance))(labels, real, syn))

        losses = {"dm": dm}
        if not small:
            losses |= {key: partial(dc, distance) for key, distance in _DISTANCES.items()}
        errors = {}
        for key, loss in losses.items():
            value, gradient = jax.jit(jax.value_and_grad(loss))(syn)
            found = arrays["dm/loss" if key == "dm" else f"dc/{key}/loss"]
            by_syn = arrays["dm/grad_syn" if key == "dm" else f"dc/{key}/grad_syn"]
            errors[f"{key} loss"] = relative_error(value, found)
            errors[f"{key} gradient"] = relative_error(_nchw(gradient), by_syn)
        return errors


def _trajectory_errors(precision: str, counts: tuple[int, ...]) -> dict[str, float]:
    dtype = "float64" if precision == "float64" else "float32"
    with jax.enable_x64(dtype == "float64"):
        arrays = _load("trajectory_c1_28")
        start, target = (_params(arrays, prefix, dtype) for prefix in ("start/", "target/"))
        used = "tf32" if precision == "tf32" else "float32"
        net = nets.make("convnet", num_classes=2, width=16, precision=used)
        labels = jnp.asarray(arrays["labels"].astype(np.int32))
        syn, rate = _nhwc(arrays["syn"], dtype), jnp.asarray(arrays["lr"].astype(dtype))

        def loss(steps, syn, rate):
            def apply(params, images):
                return net.apply({"params": params}, images)

            sides = start, target, syn, labels, rate
            return kernels.trajectory_loss(apply, *sides, num_steps=steps)

        errors = {}
        for steps in counts:
            grade = jax.jit(jax.value_and_grad(partial(loss, steps), argnums=(0, 1)))
            value, (by_syn, by_rate) = grade(syn, rate)
            found = (
                (value, arrays[f"steps{steps}/loss"]),
                (by_rate, arrays[f"steps{steps}/grad_lr"]),
            )
            errors[f"{steps} loss"], errors[f"{steps} rate"] = (relative_error(*x) for x in found)
            theirs = arrays[f"steps{steps}/grad_syn"]
            errors[f"{steps} gradient"] = relative_error(_nchw(by_syn), theirs)
        return errors


def _augmentations() -> dict[str, Any]:
    """Returns the greatest absolute errors of the operations that a strategy draws by units."""
    errors = {}
    for name in ("dsa_c1_28", "dsa_c3_32"):
        arrays = _load(name)
        images = _nhwc(arrays["x"], "float32")
        for trial in range(3):
            for operation, order in {"flip": [0], "scale": [1, 0], "rotate": [0]}.items():
                strategy = augment.parse_strategy(operation)
                units = np.resize(arrays[f"rand_{operation}/{trial}/draws"][order], 3)
                draw = augment.Draw(jnp.int32(0), jnp.asarray(units, jnp.float32))
                theirs = np.moveaxis(arrays[f"rand_{operation}/{trial}/y"], -3, -1)
                error = float(np.abs(np.asarray(strategy.apply(draw, images)) - theirs).max())
                errors[operation] = max(error, errors.get(operation, 0.0))
    return {"errors": errors, "holds": max(errors.values()) <= 3e-5}


def equality(ctx: context.Context) -> None:
    """Compares a step on this device with one on the CPU, in one process."""
    case = context.main_case()._replace(classes=min(context.main_case().classes, 3), ipc=5)
    for method in programs.METHODS[: 1 if ctx.tiny else None]:
        row = f"a step {method}"
        with ctx.part(row):
            works = [partial(_one_step, method, case, "float32", "cpu")]
            kinds = ["float32", "tf32"]
            works += [partial(_one_step, method, case, kind, None) for kind in kinds]
            base, *others = context.at_the_same_time(works)
            for kind, found in zip(kinds, others, strict=True):
                for result in (base, found):
                    if isinstance(result, Exception):
                        raise result
                ctx.emit(
                    f"{row} {kind}", precision=kind, base="CPU, float32", **_compare(base, found)
                )


def _one_step(method: str, case: Any, precision: str, platform: str | None) -> dict[str, Any]:
    """Returns the loss, the images' gradient and the images after a step, and the images before."""
    device = jax.devices(platform)[0] if platform else jax.devices()[0]
    rows = min(context.cases.BATCH_REAL, 64)
    options = {"batch_real": rows}
    if method == "mtt":
        options |= {"num_experts": 1, "train_epochs": 3, "max_start_epoch": 1}
        options |= {"syn_steps": 5, "learning_rate": 1.0}
    net = context.network(case, precision=precision, depth=context.cases.DEPTH)
    distiller = context.distiller(method, case, net=net, **options)
    # Everything starts on the CPU, so that both devices start from the same bits.
    with jax.default_device(jax.devices("cpu")[0]):
        key, real = jax.random.key(0), context.real_images(case, per_class=rows + 16)
        if method == "mtt":
            real = programs.with_experts(real, net, snapshots=4)
        state = distiller.init(key, real)
    before = np.asarray(state.images)
    key, real, state = jax.device_put((key, real, state), device)
    state, info = distiller.step(key, state, real, 1)
    leaves = [x for x in jax.tree.leaves(state.opt_state) if np.shape(x) == before.shape]
    found = {"loss": info.loss, "gradient": leaves[0], "images": state.images}
    return {"before": before} | {name: np.asarray(value) for name, value in found.items()}


def _compare(base: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    names = ("loss", "gradient", "images")
    norms = {name: relative_error(found[name], base[name]) for name in names}
    largest = {
        name: float(np.abs(found[name] - base[name]).max() / np.abs(base[name]).max())
        for name in names
    }
    moved = [side["images"] - side["before"] for side in (found, base)]
    return {
        "relative_error": norms,
        "greatest_error_of_greatest_value": largest,
        "update_error": relative_error(*moved),
        "same_start": bool((base["before"] == found["before"]).all()),
        "greatest": max(norms.values()),
    }
