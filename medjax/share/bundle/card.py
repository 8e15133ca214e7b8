"""``card.json``: what a bundle is, made from named facts of a run alone.

Nothing is copied as a whole: a setting that is not named here, such as a path, cannot get in.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from medjax import data
from medjax.errors import UserError, printable
from medjax.run.settings import NetSettings
from medjax.share.bundle.finished import FinishedRun
from medjax.types import MULTI_LABEL

FORMAT = "medjax bundle 1"
"""The version of the card."""

_NAME = "card.schema.json"
_VERSIONS = ("medjax", "jax", "numpy")
_RECIPE = ("epochs", "learning_rate", "momentum", "weight_decay", "batch_size", "augment")
_RECIPE += ("parity", "balanced", "name", "soft_labels")
_BASELINES = ("random", "random_selected", "whole", "whole_balanced")
_SPREAD = ("mean", "std", "n")


def make_card(
    run: FinishedRun, *, title: str, licence: str, marks: Sequence[str]
) -> dict[str, Any]:
    """Describes a run as its bundle shows it.

    Args:
      run: the run.
      title: what the bundle is called; empty for the method and, of a public set, its name.
      licence: that of the images; empty for that of a public set.
      marks: what is to be known of the images, from ``rules.check_may_leave``.

    Returns:
      The content of ``card.json``, which follows ``card.schema.json``.
    """
    summary, shared = run.summary, run.shared
    facts, public = summary["data"], public_name(summary)
    published = public is not None and facts["digest"] == _published(facts)
    return {
        "format": FORMAT,
        "title": title or f"{public or 'Medical images'}, distilled by {summary['method']}",
        "versions": {name: str(summary["versions"][name]) for name in _VERSIONS},
        "method": _method(summary),
        "data": {
            "name": public,
            "size": summary["config"]["data"]["size"] if public else None,
            "licence": licence or (facts["licence"] if public else None),
            "digest": facts["digest"] if published else None,
            "task": facts["task"],
            "classes": [printable(name) for name in facts["classes"]],
            "counts": {name: facts["counts"].get(name, 0) for name in ("train", "val", "test")},
            "preparation": str(data.parse_preparation(str(shared.preparation or ""))),
        },
        "images": describe_images(shared, multi_label=facts["task"] == MULTI_LABEL),
        "training": _training(summary),
        "scores": _scores(summary),
        "privacy": {
            "real_start": summary["init"] != "noise",
            "marks": list(marks),
            "audit": None if run.audit is None else run.audit._asdict(),
            "differential_privacy": False,
        },
        "merged_from": None,
    }


def public_name(summary: Mapping[str, Any]) -> str | None:
    """Returns the name of the public or embedded data set of a run; ``None`` for anybody's own.

    The names of other sets, their digests and their classes are words of the site.

    Args:
      summary: the content of ``summary.json``.

    Example:
      >>> public_name({"config": {"data": {"name": "phantom"}}})
      'phantom'
      >>> public_name({"config": {"data": {"name": "folder:ward 3/phantom"}}}) is None
      True
    """
    name = str(summary["config"]["data"]["name"])
    return name if name in data.names() else None


def describe_images(shared: data.SharedSet, *, multi_label: bool) -> dict[str, Any]:
    """Returns the part ``images`` of a card.

    Args:
      shared: the set.
      multi_label: whether an image may have several classes.
    """
    count, height, width, channels = shared.images.shape
    soft = "rows" if multi_label else "probabilities"
    return {
        "count": count,
        "height": height,
        "width": width,
        "channels": channels,
        "mean": shared.mean.tolist(),
        "std": shared.std.tolist(),
        "whitened": shared.zca is not None,
        "labels": "classes" if shared.labels.ndim == 1 else soft,
    }


def text_of(card: Mapping[str, Any]) -> bytes:
    """Returns the content of ``card.json``, after comparing the card with the schema.

    Args:
      card: the card.

    Raises:
      UserError: if the card does not follow the schema.
    """
    check_card(card, where="card.json")
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def read_card(content: bytes, *, where: str) -> dict[str, Any]:
    """Reads a card from its bytes, which may come from anybody.

    Args:
      content: the content of ``card.json``.
      where: the bundle in messages.

    Raises:
      UserError: if it is no JSON, or does not follow the schema.

    Example:
      >>> read_card(b"{}", where="site_a.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: the card of site_a.zip is not valid: 'format' is a required property
    """
    try:
        card = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise UserError(f"the card of {where} is not valid: it is no JSON in UTF-8") from error
    check_card(card, where=f"the card of {where}")
    return card


def check_card(card: Any, *, where: str) -> None:
    """Compares a card with ``card.schema.json``.

    Args:
      card: the card.
      where: what the card is called in messages.

    Raises:
      UserError: if the card differs; it names the first part that does.
    """
    from jsonschema.exceptions import best_match

    found = best_match(_validator().iter_errors(card))
    if found is not None:
        part = ".".join(map(str, found.absolute_path))
        reason = f"{part}: {found.message}" if part else found.message
        raise UserError(f"{where} is not valid: {printable(reason)}")
    classes = card["data"]["classes"]
    if len(set(classes)) < len(classes):
        raise UserError(f"{where} is not valid: data.classes names a class twice")


@functools.cache
def _validator() -> Any:
    import jsonschema

    text = resources.files("medjax.share").joinpath(_NAME).read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def _method(summary: Mapping[str, Any]) -> dict[str, Any]:
    ipc = summary["ipc"]
    return {
        "name": summary["method"],
        "ipc": ipc,
        "iterations": summary["iterations"],
        "selected_step": summary["selected_step"],
        "start": summary["init"],
        "labels": summary.get("labels") or "hard",
    }


def _training(summary: Mapping[str, Any]) -> dict[str, Any]:
    config, recipe = summary["config"], summary["recipe"]
    chosen = {name: recipe[name] for name in _RECIPE if name in recipe}
    chosen["soft_labels"] = (summary.get("labels") or "hard") != "hard"
    if summary["step_size"] is not None:
        chosen["learning_rate"] = summary["step_size"]
    return {
        "network": NetSettings.from_config(config["net"]).text,
        "networks": config["evaluation"]["networks"],
        "precision": config["precision"],
        "recipe": chosen,
    }


def _scores(summary: Mapping[str, Any]) -> dict[str, Any]:
    baselines = summary["baselines"]
    return {
        "split": "test",
        "set": _metrics(summary["test"]),
        "baselines": {name: _metrics(baselines[name]) for name in _BASELINES if name in baselines},
        "headline": summary["compared_by"],
    }


def _metrics(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {key: score[key] for key in _SPREAD} for name, score in scores.items()}


def _published(facts: Mapping[str, Any]) -> Any:
    """Returns the digest of the published file; a generated set has no other than its own."""
    return facts["official_digest"] or facts["digest"]
