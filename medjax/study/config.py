"""The settings of a study."""

from collections.abc import Mapping, Sequence

from ml_collections import ConfigDict

from medjax.errors import unknown

_CLUSTER = {
    "timeout_min": 240,
    "cpus_per_task": 1,
    "mem_gb": 8,
    "gpus_per_node": 0,
    "slurm_partition": "",
    "slurm_account": "",
    "slurm_array_parallelism": 64,
}


def make(
    *,
    datasets: Sequence[str],
    methods: Sequence[str],
    ipc: Sequence[int] = (10,),
    seeds: Sequence[int] = (3,),
    words: str = "",
    words_for: Mapping[str, str] | None = None,
) -> ConfigDict:
    """Makes the settings of a study.

    Args:
      datasets: names for ``data.load``, the most valuable first.
      methods: of ``methods.names()``, and ``random``, ``random_selected`` and ``kcenter``, whose
        rows every study has.
      ipc: images per class, the most valuable first.
      seeds: the number of seeds for each ipc, or one for all.
      words: settings of all runs, as after the colon of a run's config: ``quick,net.width=32``.
      words_for: further words for a data set or a method, by its name, or for one method on one
        data set, as in ``dm on phantom``. A name that is no data set may stand for one, with the
        word ``data.name=…``.

    Returns:
      The config. Besides the arguments it has

      - ``networks``: networks that are matched and evaluated, as in ``resnet18:norm=batch``;
      - ``validations``: how often a set is scored on val while it is distilled, and so how many
        random subsets ``random_selected`` is the best of;
      - ``least_class``: a cell is skipped at more than one image per class unless the smallest
        class has this many times ``ipc`` images;
      - ``without``: methods that are left out at an ipc, as in ``dsa:50``;
      - ``cluster``: options of submitit's ``AutoExecutor``; empty ones are not set.

    Raises:
      UserError: for words of something that is no data set or method of the study.

    Example:
      >>> make(datasets=("phantom",), methods=("dm",)).seeds
      (3,)
    """
    words_for, names = dict(words_for or {}), [*datasets, *methods]
    pairs = {f"{method} on {name}" for name in datasets for method in methods}
    for name in words_for:
        if name not in names and name not in pairs:
            raise unknown("data set or method in words_for", name, names)
    return ConfigDict(
        {
            "datasets": tuple(datasets),
            "methods": tuple(methods),
            "ipc": tuple(ipc),
            "seeds": tuple(seeds),
            "networks": ("convnet",),
            "validations": 3,
            "least_class": 5.0,
            "without": (),
            "words": words,
            "words_for": words_for,
            "cluster": _CLUSTER,
        }
    )
