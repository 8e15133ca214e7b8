"""The command line: exit status, and one line that says what is wrong."""

import logging
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

import medjax
from medjax import data, launch
from medjax.cli import startup
from medjax.data import SharedSet
from medjax.errors import RunError, UserError
from medjax.run import distill, report, seeds

# The flags library loads a config file with a deprecated function.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")

ROOT = pathlib.Path(__file__).resolve().parent.parent
DM = f"--config={ROOT}/configs/dm.py"


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """Runs in a folder of its own and restores what ``main`` sets for the process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    logger, level = logging.getLogger("medjax"), logging.getLogger("medjax").level
    monkeypatch.setattr(logger, "handlers", logger.handlers)
    monkeypatch.setattr(logger, "propagate", logger.propagate)
    yield
    logger.setLevel(level)


@pytest.fixture
def distilled(monkeypatch):
    """Stands in for the run; lists its calls."""
    calls = []
    monkeypatch.setattr(distill, "distill", lambda *args, **_: calls.append(args) or {"ipc": 1})
    monkeypatch.setattr(report, "results_table", lambda summary: f"the table of {summary}")
    return calls


def run(*args):
    return launch.main(["launch", *args])


def test_the_run_gets_the_settings(distilled, capsys):
    options = ("--config.ipc=5", "--config.distill.learning_rate=2", "--config.seed", "7")
    assert run(f"{DM}:breastmnist,quick", *options, "--workdir=runs/x") == 0
    ((config, workdir),) = distilled
    assert workdir == pathlib.Path("runs/x") and type(config) is dict
    assert (config["ipc"], config["seed"], config["distill"]["learning_rate"]) == (5, 7, 2.0)
    assert config["data"]["name"] == "breastmnist" and config["net"]["width"] == 32
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.split("\n\n") == [
        "\nthe table of {'ipc': 1}",
        "runs/x/report.html has the details.\n",
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ("dc_crop_scale_rotate", 1000)),
        (("--config.evaluation.augment=none",), ("none", 300)),
        (("--config.evaluation.epochs=9",), ("dc_crop_scale_rotate", 9)),
    ],
)
def test_parity_may_be_a_flag(distilled, options, expected):
    config = f"--config={ROOT}/configs/dc.py:data.name=mnist"
    assert run(config, "--config.evaluation.parity=True", *options, "--workdir=x") == 0
    ((settings, _),) = distilled
    evaluation = settings["evaluation"]
    assert (evaluation["augment"], evaluation["epochs"]) == expected


@pytest.mark.parametrize("before", [logging.NOTSET, logging.WARNING])
def test_what_the_run_logs_is_a_line(before, distilled, capsys):
    logger = logging.getLogger("medjax")
    logger.setLevel(before)
    logger.info("remembered as not to be said")  # a logger keeps what it found out of a level
    assert run(DM, "--workdir=runs/x") == 0
    capsys.readouterr()
    logger.info("memory: %d of %d GiB", 1, 2)
    assert capsys.readouterr().err == "medjax: memory: 1 of 2 GiB\n"


def test_one_number_for_each_class_is_a_tuple(distilled):
    assert run(DM, "--workdir=w", "--config.ipc_per_class=(1,2)") == 0
    assert distilled[0][0]["ipc_per_class"] == (1, 2)


@pytest.mark.parametrize(
    ("value", "seeds", "title"),
    [("3", [2, 3, 4], "2, 3, 4"), ("0,3,7", [0, 3, 7], "0, 3, 7"), ("(0,7)", [0, 7], "0, 7")],
)
def test_several_seeds_are_runs_in_their_folders_and_one_table(
    value, seeds, title, monkeypatch, capsys, tmp_path
):
    runs = []

    def one(config, workdir, **_):
        runs.append((config["seed"], str(workdir)))
        auroc = {"auroc": {"mean": 0.9, "std": 0.0, "n": 1, "values": [0.9]}}
        named = {name: config[name] for name in ("method", "ipc", "seed")}
        rest = {name: {} for name in ("baselines", "baseline_facts", "time", "device", "data")}
        rest |= {"dataset": "x", "test": auroc, "config": config, "versions": {}}
        return {**named, **rest, "num_images": 2, "data": {"digest": "a"}}

    monkeypatch.setattr(distill, "distill", one)
    synthetic = SharedSet(np.zeros((2, 8, 8, 1), "f"), np.arange(2), np.zeros(1), np.ones(1))
    monkeypatch.setattr(data, "load_synthetic", lambda path: synthetic)
    assert run(DM, "--config.seed=2", f"--config.seeds={value}", "--workdir=w") == 0
    assert runs == [(seed, f"w/seed_{seed}") for seed in seeds]
    said = capsys.readouterr()
    assert f"dm · x · 10 images per class · seeds {title}\n" in said.out
    assert said.out.endswith("\nw/report.html has the details.\n")
    assert said.err.splitlines()[0] == (
        f"medjax: seed {seeds[0]}, 1 of {len(seeds)}, in w/seed_{seeds[0]}"
    )
    assert {path.name for path in (tmp_path / "w").iterdir()} == {"report.html", "summary.json"}


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(flag, distilled, capsys):
    assert run(flag) == 0
    said = capsys.readouterr()
    assert "python -m medjax.launch --config=" in said.out and "--workdir" in said.out
    assert not distilled and said.err == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "--config is missing, as in --config=configs/dm.py --workdir=runs/dm"),
        ([DM], "--workdir is missing, as in --config=configs/dm.py --workdir=runs/dm"),
        (["--workdir=w"], "--config is missing"),
        ([DM, "--workdir="], "--workdir is missing"),
        ([DM, "--workdir=w", "--workdirr=w"], "Did you mean: workdir"),
        ([DM, "--workdir=w", "--ipc=3"], "Unknown command line flag 'ipc'"),
        ([DM, "--workdir=w", "w"], "unexpected argument 'w'; flags are --config and --workdir"),
        ([DM, "--workdir=w", "--config.ipcc=3"], "'ipcc'; Did you mean \"ipc\""),
        ([DM, "--workdir=w", "--config.net.widht=3"], "'widht'; Did you mean \"width\""),
        ([DM, "--workdir=w", "--config.ipc=abc"], "--config.ipc=abc: invalid literal for int"),
        ([DM, "--workdir=w", "--config.ipc=2.5"], "--config.ipc=2.5: invalid literal for int"),
        (["--config=none.py", "--workdir=w"], "cannot read the config file 'none.py'"),
        ([f"{DM}:quik", "--workdir=w"], "colon 'quik' (did you mean 'quick'?)"),
        ([f"{DM}:ipcc=3", "--workdir=w"], "unknown config key 'ipcc' (did you mean 'ipc'?)"),
        ([DM, "--workdir=w", "--config.seeds=abc"], "seeds must be whole numbers, as in 5 or 0,3"),
        ([DM, "--workdir=w", "--config.seeds=0 3"], "--config.seeds=0 3: Error while parsing"),
        ([DM, "--workdir=w", "--config.seeds=(0,3"], "--config.seeds=(0,3: Error while parsing"),
        ([DM, "--workdir=w", "--config.seeds=-2"], "number of seeds must be at least 0, got -2"),
        ([f"{DM}:ipc=abc", "--workdir=w"], "config key ipc takes int values, got 'abc'"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(args, message, distilled, capsys, tmp_path):
    assert run(*args) == 2
    said = capsys.readouterr()
    assert said.out == "" and not distilled
    (line,) = said.err.splitlines()
    assert line.startswith("medjax: ") and message in line
    assert "Traceback" not in line and len(line) < 1500
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("return {}[arg]", "KeyError: 'word'"),
        ("return int(arg)", "ValueError: invalid literal for int() with base 10: 'word'"),
        ("return nothing", "NameError: name 'nothing' is not defined"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_n"),
        ("return (", "SyntaxError: '(' was never closed"),
        ("open('gone.txt')", "FileNotFoundError: [Errno 2] No such file or directory: 'gone.txt'"),
        ("open('/')", "IsADirectoryError: [Errno 21] Is a directory: '/'"),
    ],
)
def test_an_error_in_a_config_file_shows_its_traceback(code, error, distilled, capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(f"def get_config(arg=None):\n    {code}\n")
    assert run(f"--config={path}:word", "--workdir=w") == 2
    said = capsys.readouterr()
    frames = [line for line in said.err.splitlines() if line.startswith('  File "')]
    assert said.out == "" and not distilled
    assert len(frames) == 1 and frames[0].startswith(f'  File "{path}", line 2')
    assert code in said.err and error in said.err
    assert said.err.splitlines()[-1] == (
        f"medjax: the config file raised {error.partition(':')[0]}, see the lines above"
    )


@pytest.mark.parametrize("flags", [(), ("--config.ipc=5",)])
def test_an_error_at_the_top_of_a_config_file_shows_its_traceback(flags, capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import os\nopen('gone.txt')\n")
    assert run(f"--config={path}", *flags, "--workdir=w") == 2
    said = capsys.readouterr().err
    assert f'File "{path}", line 2' in said and said.count('  File "') == 1
    assert "the config file raised FileNotFoundError, see the lines above" in said


def test_a_config_file_that_returns_nothing(capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def get_config():\n    pass\n")
    assert run(f"--config={path}", "--workdir=w") == 2
    line = f"medjax: get_config in '{path}' must return a ConfigDict, got None\n"
    assert capsys.readouterr().err.endswith(line)


@pytest.fixture
def mine(tmp_path):
    """A config file of the user's, ``~/mine.py``, that returns its word."""
    path = tmp_path / "mine.py"
    path.write_text(
        "from ml_collections import ConfigDict\n"
        "def get_config(arg=None):\n    return ConfigDict({'word': arg})\n"
    )
    return path


def test_the_home_directory_in_paths(mine, distilled, monkeypatch):
    monkeypatch.setenv("HOME", str(mine.parent))
    assert run("--config=~/mine.py:~/a:b", "--workdir=~/w") == 0
    assert distilled == [({"word": "~/a:b"}, mine.parent / "w")]


def test_a_drive_of_windows_in_the_path_of_a_config_file(mine, distilled, monkeypatch):
    split = os.path.splitdrive

    def drive(path):
        return ("C:", path[2:]) if path.startswith("C:") else split(path)

    monkeypatch.setattr(os.path, "splitdrive", drive)
    monkeypatch.setattr(os.path, "relpath", lambda path: path.removeprefix("C:"))
    assert run(f"--config=C:{mine}:quick", "--workdir=w") == 0
    assert distilled[0][0] == {"word": "quick"}


def test_a_user_error_in_a_config_file_is_one_line(distilled, capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from medjax.errors import UserError\n"
        "def get_config(arg=None):\n"
        "    try:\n        return {}[arg]\n"
        "    except KeyError as error:\n        raise UserError('no such scanner') from error\n"
    )
    assert run(f"--config={path}:word", "--workdir=w") == 2
    assert capsys.readouterr() == ("", "medjax: no such scanner\n") and not distilled


def test_the_python_entry_is_what_the_launcher_runs():
    assert medjax.distill is seeds.distill_seeds
    with pytest.raises(AttributeError, match="has no attribute 'distil'"):
        _ = medjax.distil


@pytest.mark.parametrize("name", ["config", "train"])
def test_a_name_of_the_version_before_is_found_with_a_warning(name):
    with pytest.warns(DeprecationWarning, match=rf"medjax\.{name} is now medjax\.run\.\w+$"):
        found = getattr(medjax, name)
    assert found.make if name == "config" else found.distill is distill.distill


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("ipc is 0"), 2, "medjax: ipc is 0\n"),
        (RunError("not finite"), 1, "medjax: not finite\n"),
        (
            KeyboardInterrupt(),
            130,
            "medjax: interrupted; the same command starts again, nothing was saved\n",
        ),
    ],
)
def test_how_a_run_ends_is_the_status(error, status, line, monkeypatch, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(distill, "distill", fail)
    assert run(DM, "--workdir=w") == status
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("flags", [(), ("--config.seeds=2",)])
def test_an_interrupted_run_speaks_of_a_checkpoint_if_there_is_one(flags, monkeypatch, capsys):
    def interrupt(config, workdir, **_):
        (workdir / "checkpoints" / "12").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(distill, "distill", interrupt)
    assert run(DM, *flags, "--workdir=w") == 130
    line = "medjax: interrupted; the same command resumes from the last checkpoint"
    assert capsys.readouterr().err.splitlines()[-1] == line


def test_the_config_of_a_study_is_refused(distilled, capsys):
    configs = ROOT / "configs"
    for name in ("sites.py:phantom", "transfer.py:phantoms", "study.py", "variation.py"):
        assert run(f"--config={configs / name}", "--workdir=w") == 2
        assert capsys.readouterr().err == (
            "medjax: this is the config of a study, which python -m medjax.study runs\n"
        )
    assert not distilled


def test_learners_are_told_below_the_table(distilled, monkeypatch, capsys):
    monkeypatch.setattr(report.learners, "said", lambda summary: ["the set beats them with knn"])
    assert run(DM, "--workdir=w") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-3:] == ["the set beats them with knn", "", "w/report.html has the details."]


def test_an_error_of_medjax_itself_keeps_its_traceback(monkeypatch):
    def fail(*_, **__):
        raise TypeError("a bug")

    monkeypatch.setattr(distill, "distill", fail)
    with pytest.raises(TypeError, match="a bug"):
        run(DM, "--workdir=w")


@pytest.mark.filterwarnings("always:an old file")
def test_a_warning_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(report, "results_table", lambda summary: "")
    monkeypatch.setattr(
        distill, "distill", lambda *_, **__: warnings.warn("an old file", stacklevel=1) or {}
    )
    assert run(DM, "--workdir=w") == 0
    assert capsys.readouterr().err == "medjax: warning: an old file\n"


def test_jax_is_set_up_for_a_run(distilled, monkeypatch):
    seen = []
    monkeypatch.setattr(startup, "set_up_jax", seen.append)
    run("--help")
    assert not seen
    run(DM, "--workdir=w")
    assert seen == [os.environ]


def test_as_a_module(tmp_path):
    def launched(*args):
        strict = ("-W", "error", "-W", "ignore:the load_module")
        command = (sys.executable, *strict, "-m", "medjax.launch", *args)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    helped = launched("--help")
    assert (helped.returncode, helped.stderr) == (0, "") and "--workdir" in helped.stdout
    wrong = launched("--config=configs/dm.py:quik", f"--workdir={tmp_path / 'w'}")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("medjax: unknown word") and wrong.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()
