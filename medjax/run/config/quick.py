"""The settings of ``quick``: the same pipeline at a width and length for two CPU cores."""

from typing import Any

_ALL = {
    "net.width": 32,
    "distill.batch_real": 64,
    "evaluation.epochs": 300,
    "evaluation.batch_size": 64,
    "evaluation.whole_steps": 3000,
    "evaluation.select_networks": 3,
}
_GRADIENT_MATCHING = {
    "iterations": 120,
    "evaluation.every": 30,
    "log_every": 2,
    "distill.inner_loop": 10,
    # For a tenth of the iterations and a distance summed over a quarter of the output units.
    "distill.learning_rate": 4.0,
}
_TRAJECTORIES = {
    "iterations": 400,
    "evaluation.every": 100,
    "distill.num_experts": 10,
    "distill.train_epochs": 12,
    "distill.expert_epochs": 2,
    "distill.syn_steps": 10,
}
_DISTRIBUTIONS = {
    "iterations": 900,
    "evaluation.every": 300,
    "log_every": 50,
    # The loss is a sum over features, of which this width has a quarter.
    "distill.learning_rate": 4.0,
}
_METHODS = {
    "auto": _DISTRIBUTIONS,
    "dm": _DISTRIBUTIONS,
    "dc": _GRADIENT_MATCHING,
    "dsa": _GRADIENT_MATCHING,
    "idc": {
        "iterations": 40,
        "evaluation.every": 10,
        "distill.outer_loop": 20,
        "distill.train_images": 256,
        # For a 250th of the updates.
        "distill.learning_rate": 0.5,
    },
    "idm": {
        "iterations": 600,
        "evaluation.every": 200,
        "log_every": 20,
        # For DM's reason; the cross entropy keeps its learning rate.
        "distill.learning_rate": 0.8,
        "distill.ce_weight": 0.125,
        "distill.num_networks_kept": 8,
        "distill.new_network_every": 50,
        "distill.trained_networks": 1,
        "distill.train_steps": 4,
    },
    "mtt": _TRAJECTORIES | {"distill.max_start_epoch": 8},
    "datm": _TRAJECTORIES
    | {
        "distill.first_max_start_epoch": 4,
        "distill.max_start_epoch": 8,
        "distill.expansion_iterations": 100,
    },
    "hoptm": _TRAJECTORIES
    | {
        # The threshold grows every 500 iterations, which are as many as there are here: it starts
        # where it is after half of the iterations of the reference.
        "distill.base_threshold": 2e-7,
    },
    "ncfm": {
        "iterations": 600,
        "evaluation.every": 200,
        "log_every": 50,
        "distill.num_experts": 5,
        "distill.train_epochs": 30,
        # As many for each of the features, of which this width has a quarter.
        "distill.num_frequencies": 1024,
    },
    "rded": {"distill.num_candidates": 100},
}


def quick_settings(method: str) -> dict[str, Any]:
    """Returns the settings of ``quick`` for a method, by dotted key.

    Args:
      method: one of ``methods.names()``.

    Returns:
      The settings, of which some may not exist for the network or the method.

    Example:
      >>> quick_settings("dm")["iterations"]
      900
    """
    return {**_ALL, **_METHODS.get(method, {})}
