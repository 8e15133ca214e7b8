"""``python -m medjax.evaluate``: how well networks do that were trained on a set of images."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absl import flags

from medjax import data, errors, evaluate, nets, parallel, share, training
from medjax.cli import messages, startup
from medjax.cli.flags import parse_flags
from medjax.run import checks, setup
from medjax.run.metrics import write_json
from medjax.run.report import NOTHING, Row, scores_table
from medjax.store import require_writable

_USAGE = """Trains fresh networks on a set of images and scores them on a data set's val and test.

  python -m medjax.evaluate --synthetic=runs/dm/synthetic.npz --nets=convnet,resnet18,vgg11
  python -m medjax.evaluate --synthetic=mine.npz --data=bloodmnist --nets=resnet18:norm=batch
  python -m medjax.evaluate --synthetic=pictures --data=mine/real.npz --epochs=300

The set is a synthetic.npz, any npz with images and labels, or a folder of a folder for each class.
Whatever is not given is as in the summary.json beside the set, if there is one."""

_FLAGS = (
    (flags.DEFINE_string, "synthetic", "the set to train on: an npz file or a folder"),
    (flags.DEFINE_string, "data", "data set to score on, a name or a path"),
    (flags.DEFINE_integer, "size", "side of its images, where it has several"),
    (flags.DEFINE_list, "nets", "networks, as in convnet,resnet18:width=32"),
    (flags.DEFINE_integer, "networks", "how many of each"),
    (flags.DEFINE_integer, "epochs", "of training"),
    (flags.DEFINE_integer, "batch_size", "of training"),
    (flags.DEFINE_float, "learning_rate", "of training"),
    (flags.DEFINE_string, "augment", "DSA strategy, none, or auto for what suits the data"),
    (flags.DEFINE_string, "precision", "of the networks: float32, tf32 or bfloat16"),
    (flags.DEFINE_integer, "seed", "of the networks"),
    (flags.DEFINE_string, "out", "JSON file to write"),
)
_DEFAULTS = {
    "size": 28,
    "nets": ["convnet"],
    "networks": 5,
    "augment": "auto",
    "precision": "tf32",
    "seed": 0,
}


class Task(NamedTuple):
    """What to do, checked.

    Attributes:
      images: the set.
      dataset: what networks are scored on.
      nets: networks by what the user called them.
      recipe: how they are trained.
      options: all settings, as they were given or found.
    """

    images: share.ImageSet
    dataset: data.Dataset
    nets: dict[str, Any]
    recipe: training.Recipe
    options: dict[str, Any]


def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 2 usage.
    """
    messages.show_warnings()
    try:
        options = _parse(argv)
        if options is not None:
            startup.set_up_jax(os.environ)
            task = _prepare(options)
            rows, first = _evaluate(task), _headline(task)
            print(f"{scores_table(rows, first=first)}\n\n{options['out']} has all of it.")
        return messages.DONE
    except (errors.UserError, OSError) as error:
        return messages.say(error, status=messages.USAGE)


def _parse(argv: Sequence[str]) -> dict[str, Any] | None:
    """The settings: given, else of the run that made the set, else the usual ones."""
    values = flags.FlagValues()
    for define, name, meaning in _FLAGS:
        define(name, None, meaning, flag_values=values)
    if not parse_flags(values, argv, usage=_USAGE):
        return None
    given = {name: values[name].value for _, name, _ in _FLAGS if values[name].value is not None}
    if not given.get("synthetic"):
        raise errors.UserError("--synthetic is missing, as in --synthetic=runs/dm/synthetic.npz")
    path = Path(given["synthetic"])
    path = path.resolve() if path.name in ("", "..") else path
    if not path.name:
        raise errors.UserError(f"--synthetic must be a file or a folder of its own, got {path}")
    out = {"out": str(path.with_name(f"{path.stem}_evaluation.json"))}
    found = _of_the_run(path.with_name("summary.json"))
    if given.get("data", found.get("data")) != found.get("data"):
        found.pop("where", None)  # of another data set
    options = {**_DEFAULTS, **out, **found, **given}
    if "data" not in options:
        raise errors.UserError("--data is missing: a data set to score on, as in --data=bloodmnist")
    return options


def _of_the_run(summary: Path) -> dict[str, Any]:
    """The settings with which a run scored its own images."""
    try:
        content = json.loads(summary.read_text())
        config, recipe = content["config"], content["recipe"]
        net = config["net"]
        usual = nets.options(net["name"])
        changed = [f"{k}={net[k]}" for k, v in usual.items() if net.get(k, v) != v]
        found = {
            "data": config["data"]["name"],
            "size": config["data"]["size"],
            "where": {
                "root": config["data"]["root"] or None,
                "download": config["data"]["download"],
                "sources": data.Sources.of(config["data"]),
                "streaming": setup.streaming_of(
                    config["data"]["stream_above_gib"], config["data"]["cache"]
                ),
            },
            "nets": [":".join([net["name"], *changed])],
            "networks": config["evaluation"]["networks"],
            "precision": config["precision"],
            "seed": config["seed"],
            "recipe": recipe,
        }
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is something else
        return {}
    return {**found, "augment": recipe["augment"] or "none"}


def _prepare(options: Mapping[str, Any]) -> Task:
    """Reads and checks everything, so that nothing is refused after hours."""
    import jax

    if options["networks"] < 1:
        raise errors.UserError(f"--networks must be at least 1, got {options['networks']}")
    checks.check_seed(options["seed"])
    preparation = share.read_preparation(options["synthetic"])
    where = {"streaming": setup.streaming_of(None, None)} | options.get("where", {})
    dataset = data.load(options["data"], size=options["size"], preparation=preparation, **where)
    multi_label = dataset.train.labels.ndim == 2
    images = share.read_set(
        options["synthetic"], classes=dataset.info.classes, multi_label=multi_label
    )
    ours, theirs = (x.shape[1:] for x in (images.images, dataset.test.images))
    if ours != theirs:
        shapes = ["×".join(map(str, shape)) for shape in (ours, theirs)]
        raise errors.UserError(
            f"{options['synthetic']} holds {shapes[0]} images, but those of {options['data']} are "
            f"{shapes[1]}"
        )
    if images.whitening is not None:
        checks.check_whitened(_splits(dataset), above=where["streaming"].above)
    made = {}
    if not options["nets"]:
        raise errors.UserError(f"--nets is empty; choose from: {', '.join(nets.names())}")
    for text in options["nets"]:
        name, chosen = nets.parse(text.strip())
        chosen = {"precision": options["precision"], **chosen}
        net = made[text.strip()] = nets.make(name, num_classes=dataset.num_classes, **chosen)
        jax.eval_shape(net.init, jax.random.key(0), jax.ShapeDtypeStruct((1, *ours), "float32"))
    augment = dataset.info.augment if options["augment"] == "auto" else options["augment"]
    known = training.Recipe.__dataclass_fields__  # a run of another version may have others
    recipe = {name: x for name, x in options.get("recipe", {}).items() if name in known}
    recipe["augment"] = None if augment == "none" else augment
    if images.step_size is not None:  # as the run did, unless told otherwise
        recipe["learning_rate"] = images.step_size
    recipe |= {k: options[k] for k in ("epochs", "batch_size", "learning_rate") if k in options}
    recipe = training.Recipe(**recipe)
    require_writable(options["out"])
    return Task(images, dataset, made, recipe, dict(options))


def _evaluate(task: Task) -> list[Row]:
    """Scores network after network; what is done is written after each."""
    import jax

    dataset, options, recipe = task.dataset, task.options, task.recipe
    images, labels = task.images.images, task.images.labels
    splits, stats = _splits(dataset), task.images.stats or (dataset.mean, dataset.std)
    if (whitening := task.images.whitening) is not None:
        images = whitening.whiten(images)
        splits = {k: data.Split(whitening.whiten(s.images), s.labels) for k, s in splits.items()}
        stats = np.zeros_like(dataset.mean), np.ones_like(dataset.std)
    mean, std = (x[None, None, None] for x in stats)
    images = (images - mean) / std
    mesh, count = None, options["networks"]
    if jax.device_count() > 1:
        batch = min(recipe.batch_size, len(labels))
        mesh = parallel.make_mesh(classes=1, networks=count, rows=batch, devices=jax.devices())
    benchmark = evaluate.Benchmark(splits, stats, dataset.info.task, mesh)
    key, rows = setup.keys_of(options["seed"])["final"], []
    content = {
        "synthetic": options["synthetic"],
        "num_images": len(labels),
        "data": {
            "name": dataset.info.name,
            "digest": dataset.info.digest,
            "preparation": data.parse_preparation(dataset.preparation).listed(),
        },
        "seed": options["seed"],
        "recipe": vars(recipe),
        "results": {},
    }
    for name, net in task.nets.items():
        messages.say(f"{name}: {count} networks on {len(labels)} images, {recipe.epochs} epochs")
        scores = evaluate.evaluate_set(
            key, net, images, labels, benchmark, recipe=recipe, num_networks=count
        )
        content["results"][name] = scores
        write_json(options["out"], content)
        rows.append(Row(name, scores.get("val"), scores["test"]))
    if task.dataset.train.labels.ndim == 2:
        nothing = evaluate.score_nothing(benchmark, num_labels=dataset.num_classes)
        rows.append(Row(NOTHING, nothing.get("val"), nothing["test"]))
    return rows


def _splits(dataset: data.Dataset) -> dict[str, data.Split]:
    """What networks are scored on."""
    splits = {"val": dataset.val, "test": dataset.test}
    return {name: split for name, split in splits.items() if split is not None}


def _headline(task: Task) -> str:
    return evaluate.headline(task.dataset.train.labels, task=task.dataset.info.task)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
