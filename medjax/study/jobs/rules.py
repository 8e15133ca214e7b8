"""What a job takes where nothing was measured yet: a rule, on one core of a CPU.

A network passes over an image in a time that is proportional to its pixels and to the square of the
width. Training an image takes three passes, and a distilling iteration a number of trained images
that depends on the method. Rules of thumb, which may be off by a factor of two and a half.
"""

from collections.abc import Mapping
from typing import Any

from medjax.methods.gradients.loops import loops_for

# Seconds to train a network of width 32 on an image of 28×28 pixels, on a core of 2024.
_TRAINED = 4e-4
_WIDTH, _PIXELS = 32, 784
_WIDTH_OF_OTHERS = 128
# The part of the greatest number of steps after which the score of all images has its plateau.
_PLATEAU = 0.5
# The part of the reference recipe that the fast one takes.
_FAST = 0.2
# Starting, compiling and writing.
_OVERHEAD = 20.0
_GRADIENT_MATCHING = ("dc", "dsa", "idc")


def baseline_seconds(settings: Mapping[str, Any]) -> float:
    """Estimates the seconds of a job of baselines.

    Args:
      settings: ``run``, the settings of a run by dotted name; ``draws``, the random subsets of
        which the best is selected; and ``classes``, ``images`` and ``pixels`` of the data set.
    """
    run, few = settings["run"], settings["run"]["ipc"] * settings["classes"]
    subsets = 3 * run["evaluation.networks"] + settings["draws"] * _selecting(run)
    trained = subsets * few * run["evaluation.epochs"]
    return _OVERHEAD + _per_image(settings) * trained + whole_seconds(settings)


def whole_seconds(settings: Mapping[str, Any]) -> float:
    """Estimates the seconds of training on all images, as they are and with balanced classes.

    Args:
      settings: as for ``baseline_seconds``.
    """
    run = settings["run"]
    images = min(run["evaluation.batch_size"], settings["images"]) * run["evaluation.networks"]
    return 2 * _per_image(settings) * _PLATEAU * run["evaluation.whole_steps"] * images


def distilling_seconds(settings: Mapping[str, Any]) -> float:
    """Estimates the seconds of a run whose baselines are kept, but those of its own form.

    Args:
      settings: as for ``baseline_seconds``.
    """
    run, patches = settings["run"], settings["run"].get("distill.factor", 1) ** 2
    few = run["ipc"] * settings["classes"] * patches
    real = min(run.get("distill.batch_real", 0) * settings["classes"], settings["images"])
    trained = run["iterations"] * _images_in_an_iteration(run, real, few)
    experts = run.get("distill.num_experts", 0) * run.get("distill.train_epochs", 0)
    trained += experts * settings["images"]
    # Of a set that is made at once there is no other image of the last iteration.
    times = min(run["iterations"], 2), min(run["iterations"], settings["draws"])
    scored = times[0] * run["evaluation.networks"] + times[1] * _selecting(run)
    # Random images of the same form, and the best of as many as there are validations.
    scored += scored if patches > 1 else 0
    return _OVERHEAD + _per_image(settings) * (trained + scored * few * run["evaluation.epochs"])


def _selecting(run: Mapping[str, Any]) -> float:
    """Returns the networks of a validation, in networks of the reference recipe."""
    part = _FAST if run.get("evaluation.select_recipe") == "fast" else 1.0
    networks: float = run["evaluation.select_networks"]
    return part * networks


def _images_in_an_iteration(run: Mapping[str, Any], real: int, few: int) -> float:
    """Returns the trained images that an iteration of a method is worth."""
    if run["method"] not in _GRADIENT_MATCHING:
        return real / 3 + few
    loops = loops_for(run["ipc"])
    outer = run.get("distill.outer_loop") or loops.outer
    inner = run.get("distill.inner_loop") or loops.inner
    # Gradients of gradients, and a network that learns the images between two updates.
    return outer * (real + (3 + inner) * few)


def _per_image(settings: Mapping[str, Any]) -> float:
    """Returns the seconds of training a network on an image."""
    width = settings["run"].get("net.width", _WIDTH_OF_OTHERS)
    return _TRAINED * (width / _WIDTH) ** 2 * settings["pixels"] / _PIXELS
