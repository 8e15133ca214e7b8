"""Judges a distilled set by the reference's own code and by medjax, with the same recipe.

    python benchmarks/parity.py --set=runs/dc/synthetic.npz --reference=CHECKOUT --data=mnist

trains ``--networks`` fresh ConvNets on the set with the ``evaluate_synset`` of a checkout of
github.com/VICO-UoE/DatasetCondensation (the extra ``torch``), and as many with medjax's
``evaluation.parity``. It prints both accuracies on test, mean ± standard deviation over networks,
and appends them to ``benchmarks/results/parity.jsonl``. The augmentation is that of the set's
method, DC's own for DC. ``--tiny`` is a trial on few images for a few epochs.
"""

import argparse
import contextlib
import importlib.util
import os
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from gpu import records

from medjax import data, evaluate, nets, share, training
from medjax.cli import startup
from medjax.errors import UserError
from medjax.run.config import parity
from medjax.run.summary import read_summary

RESULTS = Path(__file__).resolve().parent / "results" / "parity.jsonl"
METHODS = ("dc", "dsa", "dm", "mtt")
_RATE = 0.01


class Case(NamedTuple):
    """What is judged, and how.

    Attributes:
      images: the set, float32 ``[n, h, w, c]``, normalised.
      labels: int32 ``[n]``.
      test: the images to score on.
      stats: mean and standard deviation that normalise them.
      dataset: the data set they are from.
      method: the method that made the set.
      augment: an ``evaluation.augment``.
      epochs: epochs of training; the reference runs one more.
      learning_rate: of training.
      width: the width of the ConvNet.
      networks: how many are trained.
      seed: of the first network.
    """

    images: np.ndarray
    labels: np.ndarray
    test: data.Split
    stats: tuple[np.ndarray, np.ndarray]
    dataset: data.Dataset
    method: str
    augment: str
    epochs: int
    learning_rate: float
    width: int
    networks: int
    seed: int


def by_medjax(case: Case) -> list[float]:
    """Returns the accuracy of each network."""
    import jax

    recipe = training.Recipe(
        epochs=case.epochs, learning_rate=case.learning_rate, augment=case.augment, parity=True
    )
    # The reference gets tf32 from PyTorch; a CPU has none.
    options = {"num_classes": case.dataset.num_classes, "width": case.width, "depth": 3}
    net = nets.make("convnet", precision="tf32", **options)
    benchmark = evaluate.Benchmark({"test": case.test}, case.stats, case.dataset.info.task)
    key, found = jax.random.key(case.seed), []
    for number in range(case.networks):
        own = jax.random.fold_in(key, number)
        scores = evaluate.evaluate_set(
            own, net, case.images, case.labels, benchmark, recipe=recipe, num_networks=1
        )
        found.append(scores["test"]["accuracy"]["mean"])
    return found


def by_reference(checkout: Path, case: Case) -> list[float]:
    """Returns the accuracy of each network, from the reference's code in a checkout."""
    import reference
    import torch

    utils = reference.load(str(checkout))

    def tensors(images: np.ndarray, labels: np.ndarray) -> Any:
        pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        return torch.tensor(pixels), torch.tensor(labels).long()

    mean, std = case.stats
    test = np.asarray(data.normalize(case.test.images, mean, std))
    loader = torch.utils.data.DataLoader(
        utils.TensorDataset(*tensors(test, case.test.labels)), batch_size=256
    )
    args, model = _options(utils, case), f"ConvNetW{case.width}"
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    found = []
    for number in range(case.seed, case.seed + case.networks):
        with contextlib.redirect_stdout(None):
            # Its networks are seeded by the clock, in milliseconds.
            with mock.patch.object(utils.time, "time", return_value=(number + 0.5) / 1000):
                shape = case.test.images.shape
                net = utils.get_network(model, shape[3], case.dataset.num_classes, shape[1:3])
            np.random.seed(number)
            own = tensors(case.images, case.labels)
            found.append(utils.evaluate_synset(number, net, *own, loader, args)[2])
    return [float(accuracy) for accuracy in found]


def _options(utils: ModuleType, case: Case) -> Namespace:
    """Returns the options of the reference's evaluation, all but the device."""
    name = PurePath(case.dataset.info.name).stem.upper()
    args = Namespace(
        lr_net=case.learning_rate,
        epoch_eval_train=case.epochs,
        batch_train=256,
        dsa=case.method != "dc",
        dsa_strategy=case.augment,
        dsa_param=utils.ParamDiffAug(),
        dc_aug_param=utils.get_daparam(name, "ConvNet", "ConvNet", 1),
    )
    own = args.dc_aug_param["strategy"]
    if not args.dsa and own != case.augment.removeprefix("dc_"):
        raise UserError(f"the reference has {own}, not {case.augment}")
    return args


def make_case(arguments: argparse.Namespace) -> Case:
    """Reads the set and the data set, and checks that both codes can take them."""
    shared = data.load_synthetic(arguments.set)
    if shared.zca is not None or shared.labels.ndim != 1:
        raise UserError(f"{arguments.set} is whitened or multi-label, which the reference is not")
    dataset = data.load(arguments.data, preparation=share.read_preparation(arguments.set))
    shapes = [images.shape[1:] for images in (shared.images, dataset.test.images)]
    if shapes[0] != shapes[1]:
        raise UserError(f"{arguments.set} holds {shapes[0]}, but {arguments.data} {shapes[1]}")
    if shapes[0][0] == 28 and shapes[0][2] == 3:
        raise UserError("the reference's ConvNet fails on colour images of 28 pixels")
    method, augment = arguments.method or _method_of(arguments.set), dataset.info.augment
    if method == "dc":
        augment = parity.dc_augmentation(dataset.info.name, net="convnet", norm="instance")
    tiny, count = arguments.tiny, 64 if arguments.tiny else None
    return Case(
        np.asarray(shared.normalised().images),
        shared.labels,
        data.Split(dataset.test.images[:count], dataset.test.labels[:count]),
        (shared.mean, shared.std),
        dataset,
        method,
        augment,
        2 if tiny else training.Recipe(augment=augment).epochs,
        _RATE if shared.step_size is None else float(shared.step_size),
        32 if tiny else 128,
        arguments.networks,
        arguments.seed,
    )


def _method_of(path: Path) -> str:
    """Returns the method of the run that wrote the set; DC where it is not known."""
    method = (read_summary(path.with_name("summary.json")) or {}).get("method")
    return method if method in METHODS else "dc"


def judge(name: str, by: Callable[[], list[float]]) -> dict[str, Any]:
    """Prints and returns an accuracy in percent, and the seconds that it took."""
    start = time.perf_counter()
    values = [100 * accuracy for accuracy in by()]
    seconds = round(time.perf_counter() - start, 1)
    mean, std = float(np.mean(values)), float(np.std(values))
    print(f"{name}: {mean:.1f} ± {std:.1f} % ({len(values)} networks, {seconds:.0f} s)", flush=True)
    return {"mean": mean, "std": std, "values": values, "seconds": seconds}


def main() -> None:
    """Judges a set and writes the row."""
    arguments, parser = _arguments()
    startup.set_up_jax(os.environ)
    try:
        case = make_case(arguments)
        print(f"{case.method}: {case.augment}, {case.epochs} epochs, {len(case.labels)} images")
        found = {
            "reference": judge("reference", lambda: by_reference(arguments.reference, case)),
            "medjax": judge("medjax", lambda: by_medjax(case)),
        }
    except UserError as error:
        parser.exit(2, f"{error}\n")
    import speed  # for its description of the machine

    run = read_summary(arguments.set.with_name("summary.json")) or {}
    kept = ("method", "augment", "epochs", "learning_rate", "width", "networks", "seed")
    row = {
        "set": arguments.set.parent.name,
        "data": {"name": case.dataset.info.name, "digest": case.dataset.info.digest},
        "images": len(case.labels),
        "run": {key: run[key] for key in ("ipc", "seed", "config") if key in run},
        **{key: getattr(case, key) for key in kept},
        "tiny": arguments.tiny,
        "accuracy_percent": found,
        **speed.about(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    records.append(arguments.out, row)


def _arguments() -> tuple[argparse.Namespace, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", type=Path, required=True, help="a synthetic.npz")
    parser.add_argument("--reference", type=Path, required=True, help="a checkout")
    parser.add_argument("--data", required=True, help="data set to score on, a name or a path")
    parser.add_argument("--method", choices=METHODS, help="of the set; by default that of its run")
    parser.add_argument("--networks", type=int, default=3, help="networks that each code trains")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first network")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file that the row goes to")
    parser.add_argument("--tiny", action="store_true", help="a trial of a few epochs")
    arguments = parser.parse_args()
    if arguments.networks < 1:
        parser.exit(2, f"--networks must be at least 1, got {arguments.networks}\n")
    if importlib.util.find_spec("torch") is None:
        parser.exit(2, "the reference needs torch: pip install -e '.[torch]'\n")
    for file in ("utils.py", "networks.py"):
        if not (arguments.reference / file).is_file():
            parser.exit(2, f"{arguments.reference} is no checkout of the reference: no {file}\n")
    return arguments, parser


if __name__ == "__main__":
    main()
