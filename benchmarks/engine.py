"""The work of each row, done by medjax."""

from collections.abc import Callable

import cases
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, methods, nets, parallel, training


def make_work(
    work: str, case: cases.Case, *, precision: str, steps: int, devices: int | None = None
) -> Callable[[], object]:
    """Returns a function that does the work of a row once and waits for its end.

    It uses the first ``devices`` devices, or all.
    """
    devices = jax.devices()[:devices]
    net = nets.make(
        "convnet",
        num_classes=case.classes,
        width=cases.WIDTH,
        depth=cases.DEPTH,
        precision=precision,
    )
    if work == "dm":
        return _steps("dm", net, case, steps, devices)
    if work in ("dc", "dsa"):
        return _steps(work, net, case, steps, devices, outer_loop=1, inner_loop=0)
    if work == "dsa_life":
        return _steps("dsa", net, case, 1, devices, outer_loop=2, inner_loop=cases.EPOCHS)
    if work == "whole":
        per_class = cases.WHOLE_IMAGES // case.classes
        images = cases.images(case, per_class=per_class)
        return _training(net, *images, 1, cases.STRATEGY, 1, devices)
    count, strategy = cases.networks(work)
    pixels, labels = cases.images(case, per_class=case.ipc)
    pixels = np.asarray(data.normalize(pixels, *_stats(case)))
    return _training(net, pixels, labels, count, strategy, cases.EPOCHS, devices)


def _mesh(devices, **work):
    """Returns the mesh that a run would use; ``None`` for one device."""
    return parallel.make_mesh(devices=devices, **work) if len(devices) > 1 else None


def _stats(case):
    return np.full(case.channels, 0.5, np.float32), np.full(case.channels, 0.25, np.float32)


def _real(case):
    mean, std = _stats(case)
    split = data.Split(*cases.images(case, per_class=cases.BATCH_REAL + 44))
    return data.real_data(split, num_classes=case.classes, mean=mean, std=std)


def _steps(method, net, case, steps, devices, **loops):
    mesh = _mesh(
        devices,
        classes=case.classes,
        networks=1,
        rows=cases.BATCH_REAL,
        shared_rows=2 * case.ipc,
    )
    augment = "none" if method == "dc" else cases.STRATEGY
    distiller = methods.make(
        method,
        net=net,
        ipc=case.ipc,
        augment=augment,
        init="noise",
        batch_real=cases.BATCH_REAL,
        mesh=mesh,
        **loops,
    )
    key, real = jax.random.key(0), parallel.replicate(_real(case), mesh)
    state = distiller.init(key, real)

    def run():
        nonlocal state
        state, info = distiller.step(key, state, real, steps)
        return float(info.loss)

    return run


def _training(net, pixels, labels, count, strategy, epochs, devices):
    rows = min(cases.BATCH_TRAIN, len(labels))
    mesh = _mesh(devices, classes=1, networks=count, rows=rows)
    recipe = training.Recipe(
        epochs=epochs,
        batch_size=cases.BATCH_TRAIN,
        augment=None if strategy == "none" else strategy,
    )
    mean, std = (np.full(pixels.shape[-1], value, np.float32) for value in (0.5, 0.25))
    stats = (mean, std) if pixels.dtype == np.uint8 else None
    pixels, labels = jnp.asarray(pixels), jnp.asarray(labels)

    def run():
        return jax.block_until_ready(
            training.train_networks(
                jax.random.key(0),
                net,
                pixels,
                labels,
                recipe=recipe,
                num_networks=count,
                stats=stats,
                mesh=mesh,
            )
        )

    return run
