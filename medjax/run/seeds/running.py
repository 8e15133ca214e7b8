"""Several seeds by one command: each is a run in its own folder, then all are summarised."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medjax import data, parallel
from medjax.errors import UserError, some
from medjax.run import distill
from medjax.run.binding import binding, compare
from medjax.run.metrics import jsonable, write_json
from medjax.run.preemption import Preemption
from medjax.run.report import write_seeds_report
from medjax.run.seeds.summary import summarise_seeds
from medjax.run.settings import Settings, check_seed
from medjax.run.summary import read_summary
from medjax.store import expand_user

_log = logging.getLogger("medjax")


def distill_seeds(
    config: Mapping[str, Any], workdir: str | Path, *, preemption: Preemption | None = None
) -> dict[str, Any]:
    """Runs the seeds of a config one after the other, or resumes them.

    The launcher calls this function; ``medjax.distill`` is another name of it. Without ``seeds`` it
    is ``medjax.run.distill.distill``. With them, each seed is the same run in
    ``workdir/seed_<seed>``: a finished one is only read, a stopped one is resumed. Then
    ``summary.json`` and ``report.html`` over all seeds are written to the workdir.

    Args:
      config: all settings that ``medjax.run.config.defaults`` has, as nested dicts.
      workdir: folder for everything that is written.
      preemption: tells a run when to end; without it a signal ends the process as usual.

    Returns:
      The content of ``summary.json``: of the run, or over all seeds.

    Raises:
      UserError: as ``distill``; also if ``seeds`` is not valid, or if the workdir holds other runs.
      RunError: as ``distill``.
      PreemptedError: as ``distill``; the same call resumes the seed.

    Example:
      >>> import medjax
      >>> from medjax.run import config
      >>> settings = config.make("dm", "phantom", "quick,seeds=5").to_dict()
      >>> summary = medjax.distill(settings, "runs/phantom")  # doctest: +SKIP
      >>> summary["differences"]["random"]["auroc"]["verdict"]  # doctest: +SKIP
      'beats'
    """
    seeds, folder = seeds_of(config), expand_user(workdir)
    shared = {name: value for name, value in config.items() if name != "seeds"}
    if not seeds:
        _check_no_seeds_in(folder)
        return distill.distill(shared, workdir, preemption=preemption)
    _check_folder(folder, Settings.from_config({**shared, "seed": seeds[0]}))
    runs: dict[str, dict[str, Any]] = {}
    for seed in seeds:
        name, part = f"seed_{seed}", {**shared, "seed": seed}
        _log.info("seed %d, %d of %d, in %s", seed, len(runs) + 1, len(seeds), folder / name)
        runs[name] = jsonable(distill.distill(part, folder / name, preemption=preemption))
    _check_same_data(folder, [*runs.values()])
    summary = summarise_seeds(runs, seed=config["seed"], seeds=config["seeds"])
    if parallel.is_first():
        _write(folder, summary)
    return summary


def seeds_of(config: Mapping[str, Any]) -> Sequence[int]:
    """Returns the seeds of a config; none if it describes one run, of ``seed``.

    Args:
      config: the settings. ``seeds`` is one number, which says how many seeds there are from
        ``seed`` on, or it lists two or more seeds; it may be absent.

    Raises:
      UserError: if a seed is out of range, repeated, or no whole number.

    Example:
      >>> [*seeds_of({"seed": 2, "seeds": (3,)})], [*seeds_of({"seed": 2, "seeds": (0, 7)})]
      ([2, 3, 4], [0, 7])
      >>> [*seeds_of({"seed": 2, "seeds": ()})], [*seeds_of({"seed": 2, "seeds": (0,)})]
      ([], [])
    """
    listed = tuple(config.get("seeds") or ())
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, int):
            raise UserError(f"seeds must be whole numbers, as in 5 or 0,3,7, got {value!r}")
    if len(listed) < 2:
        count = sum(listed)
        if count < 0:
            raise UserError(f"the number of seeds must be at least 0, got {count}")
        seeds = range(config["seed"], config["seed"] + count) if count else range(0)
        for seed in (*seeds[:1], *seeds[-1:]):
            check_seed(seed)
        return seeds
    for seed in listed:
        check_seed(seed)
    if len(set(listed)) < len(listed):
        twice = next(seed for seed in listed if listed.count(seed) > 1)
        raise UserError(f"seeds names {twice} more than once")
    return listed


def _check_no_seeds_in(folder: Path) -> None:
    """Refuses a workdir whose summary over seeds one run would replace."""
    summary = read_summary(folder / "summary.json")
    if summary is not None and "seeds" in summary:
        raise UserError(
            f"{folder} holds the results of seeds {some(map(str, summary['seeds']), most=5)}; "
            "set seeds, or use another workdir"
        )


def _check_folder(folder: Path, settings: Settings) -> None:
    """Refuses a workdir that holds a run of one seed, or seeds with other settings."""
    summary = read_summary(folder / "summary.json")
    if (folder / "checkpoints").exists() or (summary is not None and "seeds" not in summary):
        raise UserError(
            f"{folder} holds the run of one seed; use another workdir, or move what is in it to "
            f"{folder / 'seed_N'}, where N is its seed"
        )
    for path in sorted(folder.glob("seed_*")):
        found, number = read_summary(path / "summary.json"), path.name.removeprefix("seed_")
        if found is None or not number.isdecimal():
            continue
        there, here = found["config"], {**settings.config, "seed": int(number)}
        if differing := compare(binding(there), binding(here)):
            raise UserError(
                f"{path} was run with other settings: {differing}; "
                "use the same settings or another workdir"
            )


def _check_same_data(folder: Path, runs: Sequence[Mapping[str, Any]]) -> None:
    """Refuses seeds on different data, which no longer being there hides from their runs."""
    digests = dict.fromkeys(str(run["data"]["digest"]) for run in runs)
    if len(digests) > 1:
        raise UserError(
            f"the seeds in {folder} were run on different data, of the digests "
            f"{some(digests, most=3)}; use another workdir, or remove those of other data"
        )


def _write(folder: Path, summary: Mapping[str, Any]) -> None:
    """Writes the report and then the summary over seeds, unless they are there."""
    if read_summary(folder / "summary.json") == summary and (folder / "report.html").exists():
        return
    sets = [data.load_synthetic(folder / name / "synthetic.npz") for name in summary["seed_runs"]]
    write_seeds_report(folder / "report.html", summary, sets=sets)
    write_json(folder / "summary.json", summary)
