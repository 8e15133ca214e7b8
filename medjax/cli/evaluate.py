"""``python -m medjax.evaluate``: scores networks that are trained on a set of images."""

import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absl import flags

from medjax import data, errors, evaluate, nets, parallel, share, training
from medjax.cli import described, exits, messages, numbered_set, source_flags, startup
from medjax.cli.flags import parse_flags
from medjax.run import datasets, setup
from medjax.run.judging import judge_learners
from medjax.run.metrics import write_json
from medjax.run.progress import Stages
from medjax.run.report import NOTHING, Row, diverged_lines, learners, scores_table
from medjax.run.settings import DataSettings, check_seed
from medjax.store import expand_user, require_writable
from medjax.types import PRNGKey

_USAGE = """Trains fresh networks on a set of images and scores them on a data set's val and test.

  python -m medjax.evaluate --synthetic=runs/dm/synthetic.npz --nets=convnet,resnet18,vgg11
  python -m medjax.evaluate --synthetic=mine.npz --data=bloodmnist --nets=resnet18:norm=batch
  python -m medjax.evaluate --synthetic=pictures --data=mine/real.npz --epochs=300
  python -m medjax.evaluate --synthetic=mine.npz --data=folder:scans --folder.table=table.csv
  python -m medjax.evaluate --synthetic=mine.npz --data=bloodmnist --learners=logistic,knn,mlp

The set is a bundle, a synthetic.npz, an npz or a file of torch with images and labels, or a folder
with a folder per class. Learners are of scikit-learn; they compare it with random real images.
Other options default to those of its card, or of the summary.json beside it, if there is one."""

_FLAGS = (
    (flags.DEFINE_string, "synthetic", "set to train on: a bundle, an npz, torch or a folder"),
    (flags.DEFINE_string, "data", "data set to score on, a name or a path"),
    (flags.DEFINE_integer, "size", "side of its images, if it comes in several"),
    (flags.DEFINE_list, "nets", "networks, as in convnet,resnet18:width=32"),
    (flags.DEFINE_list, "learners", "learners of scikit-learn beside them: logistic, knn, mlp"),
    (flags.DEFINE_integer, "networks", "number of each, and of draws of random images"),
    (flags.DEFINE_integer, "epochs", "epochs of training"),
    (flags.DEFINE_integer, "batch_size", "batch size of training"),
    (flags.DEFINE_float, "learning_rate", "learning rate of training"),
    (flags.DEFINE_string, "augment", "strategy of DSA or DC (dc_…), none, or auto: the data set's"),
    (flags.DEFINE_string, "precision", "precision of the networks: float32, tf32 or bfloat16"),
    (flags.DEFINE_integer, "seed", "seed of the networks"),
    (flags.DEFINE_bool, "eight_bit", "round the images to 8 bits, as PNG files of them are"),
    (flags.DEFINE_string, "out", "JSON file to write"),
)
_as_flags = functools.partial(source_flags.as_flags, others=["size"])
_DEFAULTS = {"size": 28, "nets": ["convnet"], "learners": [], "networks": 5, "seed": 0}
_DEFAULTS |= {"augment": "auto", "precision": "tf32", "eight_bit": False}


class Task(NamedTuple):
    """An evaluation whose options have been checked.

    Attributes:
      images: the set.
      dataset: the data set that networks are scored on.
      nets: the networks by the text that names them.
      learners: learners of scikit-learn.
      recipe: how the networks are trained.
      networks: how many of each network are trained.
      seed: the seed of the networks.
      synthetic: the path of the set.
      out: the JSON file to write.
      warnings: what may be wrong with the scores, one line each.
    """

    images: share.ImageSet
    dataset: data.Dataset
    nets: dict[str, Any]
    learners: list[str]
    recipe: training.Recipe
    networks: int
    seed: int
    synthetic: str
    out: str
    warnings: list[str]


@exits.command(reword=_as_flags)
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 2 usage, 130 interrupted, 141 nobody reads the output.
    """
    startup.set_up_jax(os.environ)  # first, because the defaults may depend on the backend
    options = _parse(argv)
    if options is not None:
        _report(_prepare(options))
    return messages.DONE


def defined_flags() -> flags.FlagValues:
    """Returns the flags of the command."""
    values = flags.FlagValues()
    for define, name, meaning in _FLAGS:
        define(name, None, meaning, flag_values=values)
    source_flags.define(values)
    return values


def _report(task: Task) -> None:
    info, labels = task.dataset.info, task.dataset.train.labels
    (rows, lines), first = _evaluate(task), evaluate.headline(labels, task=info.task)
    notes = [*lines, *diverged_lines(rows), *evaluate.absent_lines(_absent(task.dataset))]
    notes += [f"warning: {line}" for line in task.warnings]
    print(scores_table(rows, first=first), "", *map(errors.printable, notes), sep="\n")
    print(f"{errors.printable(task.out)} has all scores.")


def _parse(argv: Sequence[str]) -> dict[str, Any] | None:
    """Returns the flags given, else the options of the run beside the set, else the defaults."""
    values = defined_flags()
    if not parse_flags(values, argv, usage=_USAGE):
        return None
    given = {name: values[name].value for _, name, _ in _FLAGS if values[name].value is not None}
    if not given.get("synthetic"):
        raise errors.UserError("--synthetic is missing, as in --synthetic=runs/dm/synthetic.npz")
    paths = {name: str(expand_user(given[name])) for name in ("synthetic", "out") if name in given}
    path = Path(paths["synthetic"])
    path = path.resolve() if path.name in ("", "..") else path
    if not path.name:
        raise errors.UserError(f"--synthetic must be a file or a folder of its own, got {path}")
    out = {"out": str(path.with_name(f"{path.stem}_evaluation.json"))}
    run = described.find(path)
    options = _DEFAULTS | out | (run.options() if run else {}) | given | paths | {"run": run}
    if "data" not in options:
        raise errors.UserError("--data is missing: a data set to score on, as in --data=bloodmnist")
    source, name = options.get("source"), options["data"]
    source = source if source is not None and source.name == name else DataSettings(name)
    sources = source_flags.changed(values, source.sources)
    source = dataclasses.replace(source, sources=sources)
    return options | {"source": source, "sized": "size" in given}


def _prepare(options: Mapping[str, Any]) -> Task:
    """Reads and checks everything before hours of training."""
    if options["networks"] < 1:
        raise errors.UserError(f"--networks must be at least 1, got {options['networks']}")
    check_seed(options["seed"])
    wanted = list(dict.fromkeys(name.strip() for name in options["learners"]))
    if wanted:
        evaluate.check_learners(wanted)
    name, path = options["data"], options["synthetic"]
    preparation = share.read_preparation(path)
    source = dataclasses.replace(options["source"], size=options["size"], prepare=preparation)
    dataset, streaming = datasets.load_dataset(source)
    datasets.check_scored(name, dataset)
    images, said = numbered_set.read(path, options["run"], dataset, name=name)
    images = images.rounded() if options["eight_bit"] else images
    shapes = ["×".join(map(str, x.shape[1:])) for x in (images.images, dataset.test.images)]
    if shapes[0] != shapes[1]:
        raise errors.UserError(
            f"{path} holds {shapes[0]} images, but those of {name} are {shapes[1]}"
        )
    if images.whitening is not None:
        datasets.check_whitened(datasets.scored_splits(dataset), above=streaming.above)
    made, recipe = _nets(options, dataset), _recipe(options, dataset, images)
    require_writable(options["out"])
    found = _warnings(images, dataset)
    if (run := options["run"]) is not None:
        found = [*run.data_warnings(source, dataset), *found]
    if options["sized"]:
        said += numbered_set.size_lines(options["size"], dataset, preparation, name=name)
    for line in (*said, *(f"warning: {_as_flags(line)}" for line in found)):
        messages.say(line)
    count, seed, out = options["networks"], options["seed"], options["out"]
    return Task(images, dataset, made, wanted, recipe, count, seed, path, out, found)


def _warnings(images: share.ImageSet, dataset: data.Dataset) -> list[str]:
    """Returns what may be wrong with the scores of a set, in a line each."""
    lines = evaluate.copy_lines(images.images, datasets.scored_splits(dataset))
    classes = dataset.info.classes
    return lines + evaluate.unlearned_lines(images.labels, dataset.train.labels, classes)


def _nets(options: Mapping[str, Any], dataset: data.Dataset) -> dict[str, Any]:
    """Makes the networks, and checks that they take the images."""
    import jax

    made, image = {}, jax.ShapeDtypeStruct((1, *dataset.test.images.shape[1:]), "float32")
    if not options["nets"] and not options["learners"]:
        raise errors.UserError(f"--nets is empty; choose from: {', '.join(nets.names())}")
    for text in options["nets"]:
        name, chosen = nets.parse(text.strip())
        chosen = {"precision": options["precision"], **chosen}
        net = made[text.strip()] = nets.make(name, num_classes=dataset.num_classes, **chosen)
        jax.eval_shape(net.init, jax.random.key(0), image)
    return made


def _recipe(
    options: Mapping[str, Any], dataset: data.Dataset, images: share.ImageSet
) -> training.Recipe:
    """Returns the recipe; the loss fits the labels, and the images may have a learning rate."""
    augment = datasets.strategy(options["augment"], dataset)
    changes: dict[str, Any] = {"augment": None if augment == "none" else augment}
    changes["soft_labels"] = images.labels.ndim > dataset.train.labels.ndim
    if images.step_size is not None:
        changes["learning_rate"] = images.step_size
    given = ("epochs", "batch_size", "learning_rate")
    changes |= {name: options[name] for name in given if name in options}
    return training.Recipe(**options.get("recipe", {}) | changes)


def _evaluate(task: Task) -> tuple[list[Row], list[str]]:
    """Returns the rows of the table, and what is said of learners; writes the scores after each."""
    import jax

    dataset, (images, benchmark) = task.dataset, _benchmark(task)
    key, rows, content = setup.keys_of(task.seed)["final"], [], _content(task)
    for name in task.nets:
        scores = content["results"][name] = _score(task, name, key, images, benchmark)
        write_json(task.out, content)
        rows.append(Row(name, scores.get("val"), scores["test"]))
    keys, ours = jax.random.split(key, task.networks), data.Split(images, task.images.labels)
    real = dataset, task.images.whitening
    found = judge_learners(task.learners, keys, ours, real, benchmark, watch=_say_first)
    if found:
        write_json(task.out, content | {"learners": found})
    rows += learners.rows(found)
    if dataset.train.labels.ndim == 2:
        nothing = evaluate.score_nothing(benchmark, num_labels=dataset.num_classes)
        rows.append(Row(NOTHING, nothing.get("val"), nothing["test"]))
    return rows, learners.lines(found)


def _say_first(line: str, done: float) -> None:
    if not done:
        messages.say(line)


def _score(
    task: Task, name: str, key: PRNGKey, images: np.ndarray, benchmark: evaluate.Benchmark
) -> dict[str, Any]:
    """Scores one network, and says how far it is."""
    count, labels, epochs = task.networks, task.images.labels, task.recipe.schedule().num_epochs
    messages.say(f"{name}: {count} networks on {len(labels)} images, {epochs} epochs")
    return evaluate.evaluate_set(
        key,
        task.nets[name],
        images,
        labels,
        benchmark,
        recipe=task.recipe,
        num_networks=count,
        watch=functools.partial(Stages().watch, name),
    )


def _content(task: Task) -> dict[str, Any]:
    """Returns what the JSON file says before anything is scored."""
    dataset = task.dataset
    return {
        "synthetic": task.synthetic,
        "num_images": len(task.images.labels),
        "data": {
            "name": dataset.info.name,
            "digest": dataset.info.digest,
            "preparation": dataset.preparation.listed(),
        },
        "seed": task.seed,
        "recipe": vars(task.recipe),
        "absent_classes": _absent(dataset),
        "warnings": task.warnings,
        "results": {},
    }


def _absent(dataset: data.Dataset) -> dict[str, list[str]]:
    """Returns the classes that no image has on which networks are scored, by split."""
    return data.absent_classes(datasets.scored_splits(dataset), dataset.info.classes)


def _benchmark(task: Task) -> tuple[np.ndarray, evaluate.Benchmark]:
    """Returns the images of the set as networks take them, and the splits to score on."""
    import jax

    dataset, (images, labels) = task.dataset, task.images[:2]
    splits = datasets.scored_splits(dataset)
    mean, std = task.images.stats or (dataset.mean, dataset.std)
    if (whitening := task.images.whitening) is not None:
        images = whitening.whiten(images)
        splits = {k: data.Split(whitening.whiten(s.images), s.labels) for k, s in splits.items()}
        mean, std = np.zeros_like(dataset.mean), np.ones_like(dataset.std)
    mesh = None
    if jax.device_count() > 1:
        batch = min(task.recipe.batch_size, len(labels))
        devices = jax.devices()
        mesh = parallel.make_mesh(classes=1, networks=task.networks, rows=batch, devices=devices)
    benchmark = evaluate.Benchmark(splits, (mean, std), dataset.info.task, mesh)
    return (images - mean[None, None, None]) / std[None, None, None], benchmark
