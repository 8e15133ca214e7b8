"""``python -m medjax.study predict``: what distilling a data set will gain, before it is tried."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags

import medjax
from medjax.cli import exits, messages
from medjax.cli.flags import parse_flags
from medjax.errors import UserError, printable
from medjax.store import expand_user

_USAGE = """Measures a data set in minutes, and predicts what hours of distilling it would gain.

  python -m medjax.study predict --data=bloodmnist
  python -m medjax.study predict --data=folder:scans --ipc=10,50 --json
  python -m medjax.study predict --data=mine.npz --words=data.size=64 --study=runs/study

The prediction rests on the table of a study of other data sets, whose runs were made with the
settings of configs/study.py; other --words make it an extrapolation."""
NO_TABLE = "no study table: cannot predict"
_STUDY = Path(medjax.__file__).resolve().parents[1] / "benchmarks" / "results" / "study"


class Options(NamedTuple):
    """The options of a command line.

    Attributes:
      name: the data set in the study's table, if it is there.
      data: the data set for ``data.load``.
      ipc: images per class.
      words: settings of the measurement, as after the colon of a run's config.
      study: the folder of the study.
      json: whether the output is JSON.
    """

    name: str
    data: str
    ipc: tuple[int, ...]
    words: str
    study: Path
    json: bool


@exits.command()
def main(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, also without a table of a study, 2 usage, 130 interrupted, 141 nobody
      reads the output.
    """
    options = _parse(argv)
    return messages.DONE if options is None else _predict(options)


def _parse(argv: Sequence[str]) -> Options | None:
    values = flags.FlagValues()
    flags.DEFINE_string("data", None, "data set: a name or a path", flag_values=values)
    flags.DEFINE_list("ipc", ["10"], "images per class, one number or several", flag_values=values)
    flags.DEFINE_string("words", "", "further settings: data.size=64,…", flag_values=values)
    flags.DEFINE_string("study", str(_STUDY), "folder with a study's table", flag_values=values)
    flags.DEFINE_bool("json", False, "print JSON", flag_values=values)
    if not parse_flags(values, argv, usage=_USAGE):
        return None
    if not values.data:
        raise UserError("--data is missing: a data set, as in --data=bloodmnist")
    ipc = []
    for text in values.ipc:
        if not text.strip().isdecimal() or int(text) < 1:
            raise UserError(f"--ipc takes whole numbers of at least 1, got {text!r}")
        ipc.append(int(text))
    if not ipc:
        raise UserError("--ipc is empty; give a number, as in --ipc=10")
    from medjax.study import tasks

    by_data = {task.data: task.name for task in tasks.TASKS.values()}
    task = tasks.TASKS.get(values.data)
    source = task.data if task else values.data
    name, folder = by_data.get(source, source), expand_user(values.study)
    counts = tuple(dict.fromkeys(ipc))
    return Options(name, source, counts, values.words, folder, values.json)


def _predict(options: Options) -> int:
    from medjax.run.metrics import jsonable
    from medjax.study.predict import advice, prediction
    from medjax.study.table.rows import read_tables

    there = any(options.study.glob("table.csv")) or any(options.study.glob("table_*.csv"))
    rows = read_tables(options.study) if there else None  # before minutes of measuring
    if rows is None:
        messages.say(f"{NO_TABLE}, only measure: {options.study} has no table.csv")
    measured = _measure(options)
    found = None if rows is None else prediction.forecasts(measured, rows, dataset=options.name)
    message = NO_TABLE if found is None else advice.advice(found)
    if options.json:
        content = advice.as_json(measured, found, message=message)
        print(json.dumps({"data": options.data, **jsonable(content)}, indent=2))
        return messages.DONE
    for ipc, one in measured.items():
        print(printable(advice.measured_line(one, dataset=options.name, ipc=ipc)))
    lines = [] if found is None else advice.forecast_lines(found)
    where = "" if found is not None else "; --study names the folder of one"
    print(*map(printable, lines), printable(message + where), sep="\n")
    return messages.DONE


def _measure(options: Options) -> Mapping[int, Any]:
    """Measures the data set at each number of images per class; settings are checked first."""
    import os

    from medjax.cli import startup
    from medjax.run.progress import Stages
    from medjax.run.settings import Settings
    from medjax.run.setup import make_experiment
    from medjax.study.indicator.measuring import measure

    startup.set_up_jax(os.environ)
    experiments = {
        ipc: make_experiment(Settings.from_config(made))
        for ipc, made in configs_of(options).items()
    }
    return {
        ipc: measure(experiment, watch=Stages().watch) for ipc, experiment in experiments.items()
    }


def configs_of(options: Options) -> Mapping[int, dict[str, Any]]:
    """Returns the settings of the measurement by images per class: those of the study's own.

    Args:
      options: those of the command line.

    Raises:
      UserError: for a wrong word, or a data set that cannot be read.
    """
    from medjax.run import config
    from medjax.run.config.words import Word, split_words
    from medjax.study.grid.facts import facts_of
    from medjax.study.indicator.names import FIRST_SEED
    from medjax.study.settings import usual_words
    from medjax.types import MULTI_LABEL

    asked, usual = split_words(options.words), split_words(usual_words.GRID)
    plain = config.make("random", options.data, asked).to_dict()
    if facts_of(plain["data"]).info.task == MULTI_LABEL:
        usual += split_words(usual_words.SCORED_FINDINGS)
    own = [Word("seed", FIRST_SEED), *usual, *asked]
    return {
        ipc: config.make("random", options.data, [*own, Word("ipc", ipc)]).to_dict()
        for ipc in options.ipc
    }
