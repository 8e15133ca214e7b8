"""Rows c: distilled MNIST at the papers' settings, beside their numbers."""

import time
from functools import partial
from typing import Any, NamedTuple

import cases
import jax
import numpy as np

from gpu import context
from medjax import data, evaluate, methods, nets, training

# DSA's strategy for digits has no flip.
_DIGITS = "color_crop_cutout_scale_rotate"
_SETS = ("mnist", "pneumoniamnist", "breastmnist")
_NETWORKS = 5


class _Plan(NamedTuple):
    """What a paper ran, and the accuracy in percent that it reports; ``None`` where not known."""

    method: str
    ipc: int
    iterations: int
    options: dict[str, Any]
    published: float | None
    source: str


_PLANS = {
    "dsa": _Plan("dsa", 1, 1000, {"init": "noise"}, 88.7, "DSA, ICML 2021: 88.7 ± 0.6"),
    "dm": _Plan(
        "dm",
        10,
        20_000,
        {"init": "real"},
        None,
        "DM's number is not at hand; at 10 images per class DC reports 97.4, DSA 97.8",
    ),
}


def run(ctx: context.Context, name: str) -> None:
    """Distils for as long as there is time, then trains evaluation networks on the images."""
    plan = _PLANS[name]
    found, arrays = _images(ctx)
    row = f"c {name} {found} ipc {plan.ipc}"
    with ctx.part(row):
        case = _Case(found, arrays, tiny=ctx.tiny)
        distilled, facts = _distil(ctx, plan, case)
        facts |= {"method": plan.method, "dataset": found, "ipc": plan.ipc, "precision": "tf32"}
        ctx.emit(f"{row}, distilled", **facts)
        scores = _scores(ctx, case, distilled, plan)
        reported = plan.published if found == "mnist" else None
        ctx.emit(row, **facts, **scores, published=reported, source=plan.source)


def _images(ctx: context.Context) -> tuple[str, dict[str, np.ndarray]]:
    """Returns the first set that exists; where there is none, made-up images."""
    if ctx.tiny or ctx.data is None:
        rng, labels = np.random.default_rng(0), np.arange(40) % 2
        pixels = rng.integers(0, 256, (40, 8, 8), dtype=np.uint8)
        splits = {"train": (pixels, labels), "test": (pixels[:8], labels[:8])}
        arrays = {
            f"{split}_{name}": array
            for split, pair in splits.items()
            for name, array in zip(("images", "labels"), pair, strict=True)
        }
        return "made-up", arrays
    for name in _SETS:
        path = ctx.data / f"{name}.npz"
        if path.exists():
            with np.load(path) as archive:
                return name, dict(archive)
    raise FileNotFoundError(f"none of {', '.join(_SETS)} is in {ctx.data}")


class _Case:
    """A data set on the device and on the host, and the network for it."""

    def __init__(self, name: str, arrays: dict[str, np.ndarray], *, tiny: bool):
        self.train, self.test = (_split(arrays, part) for part in ("train", "test"))
        self.classes = int(self.train.labels.max()) + 1
        self.stats = (np.full(1, 0.1307, "f"), np.full(1, 0.3081, "f"))
        if name != "mnist":
            pixels = self.train.images.astype(np.float32) / np.float32(255)
            self.stats = tuple(np.full(1, x, "f") for x in (pixels.mean(), pixels.std()))
        mean, std = self.stats
        self.real = data.real_data(self.train, num_classes=self.classes, mean=mean, std=std)
        self.net = nets.make(
            "convnet",
            num_classes=self.classes,
            width=cases.WIDTH,
            depth=cases.DEPTH,
            precision="tf32",
        )
        self.tiny = tiny
        task = data.BINARY_CLASS if self.classes == 2 else data.MULTI_CLASS
        self.benchmark = evaluate.Benchmark({"test": self.test}, self.stats, task)


def _split(arrays: dict[str, np.ndarray], part: str) -> data.Split:
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    images = images if images.ndim == 4 else images[..., None]
    return data.Split(images, labels.reshape(-1).astype(np.int32))


def _distil(ctx: context.Context, plan: _Plan, case: _Case) -> tuple[Any, dict[str, Any]]:
    options = {"augment": _DIGITS, "batch_real": cases.BATCH_REAL, **plan.options}
    distiller = methods.make(plan.method, net=case.net, ipc=plan.ipc, **options)
    key, iterations = jax.random.key(0), 4 if case.tiny else plan.iterations
    state = distiller.init(key, case.real)
    reserve = 0 if case.tiny else max(40, 0.25 * ctx.seconds)  # for the evaluation
    start, size, done, info = time.perf_counter(), 1, 0, None
    while done < iterations and (done == 0 or ctx.left() - reserve > 0):
        size = min(size, iterations - done)
        before = time.perf_counter()
        state, info = jax.block_until_ready(distiller.step(key, state, case.real, size))
        done += size
        if done == size:
            start = time.perf_counter()  # the first call compiled
            first = start - before
            size = 20
        else:
            pace = (time.perf_counter() - before) / size
            size = max(1, min(1000, int(5 / pace)))
        if int(info.bad_step) >= 0:
            raise FloatingPointError(f"not finite at iteration {int(info.bad_step)}")
    taken = time.perf_counter() - start
    facts = {
        "iterations": done,
        "iterations_planned": plan.iterations,
        "complete": done == plan.iterations,
        "first_call_s": first,
        "step_s": taken / (done - 1) if done > 1 else None,
        "loss": float(info.loss),
    }
    return state, facts


def _scores(ctx: context.Context, case: _Case, state: Any, plan: _Plan) -> dict[str, Any]:
    """Scores networks trained on the images, and on as many real ones, with as many epochs."""
    sets = {"distilled": (state.images, np.asarray(state.labels))}
    sets["random"] = _random_images(case, plan.ipc)
    score = partial(_score, case)
    if not case.tiny:
        score(*sets["distilled"], epochs=20)  # compiles
    start = time.perf_counter()
    quick = score(*sets["distilled"], epochs=2 if case.tiny else 100)
    pace = (time.perf_counter() - start) / (2 if case.tiny else 100)
    # Both sets are trained on; the scoring is in the pace.
    epochs = 2 if case.tiny else int(min(1000, max(100, ctx.left() / (2.2 * pace))))
    found = {"distilled": quick if epochs <= 100 else score(*sets["distilled"], epochs=epochs)}
    if ctx.left() > epochs * pace:
        found["random"] = score(*sets["random"], epochs=epochs)
    results = {name: {m: s[m] for m in ("accuracy",)} for name, s in found.items()}
    percent = 100 * found["distilled"]["accuracy"]["mean"]
    results |= {"evaluation_epochs": epochs, "evaluation_networks": _NETWORKS}
    return {"test": results, "accuracy_percent": percent}


def _score(case: _Case, images: Any, labels: np.ndarray, *, epochs: int) -> dict[str, Any]:
    recipe = training.Recipe(epochs=epochs, augment=_DIGITS, parity=True)
    key, options = jax.random.key(1), {"recipe": recipe, "num_networks": _NETWORKS}
    scores = evaluate.evaluate_set(key, case.net, images, labels, case.benchmark, **options)
    return scores["test"]


def _random_images(case: _Case, ipc: int) -> tuple[Any, np.ndarray]:
    rng, labels = np.random.default_rng(0), case.train.labels
    rows = [rng.choice(np.flatnonzero(labels == c), ipc, False) for c in range(case.classes)]
    rows = np.concatenate(rows)
    mean, std = case.stats
    return data.normalize(case.train.images[rows], mean, std), labels[rows]


dsa, dm = (partial(run, name=name) for name in ("dsa", "dm"))
