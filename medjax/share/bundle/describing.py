"""Makes the card of a run, from named facts alone.

Nothing is copied as a whole: a setting that is not named here, such as a path, cannot get in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from medjax import data
from medjax.errors import printable
from medjax.run.settings import NetSettings
from medjax.share.bundle.card import FORMAT, describe_images, public_name
from medjax.share.bundle.finished import FinishedRun
from medjax.types import MULTI_LABEL

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
            "audit": _audit(run),
            "differential_privacy": False,
        },
        "merged_from": None,
    }


def _audit(run: FinishedRun) -> dict[str, Any] | None:
    if run.audit is None:
        return None
    return {"verdict": run.audit.verdict, "scores": run.audit.scores}


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
    if summary.get("step_size") is not None:
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
