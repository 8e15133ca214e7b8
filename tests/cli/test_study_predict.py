"""The commands that predict, and that judge predictions."""

import importlib.util
import json
import pathlib

import pytest

from medjax.cli import study, study_predict
from medjax.run.binding import binding
from medjax.run.metrics import jsonable
from medjax.study.grid.grid import make_grid
from medjax.study.indicator.measuring import Measured
from medjax.study.table.rows import write_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "study" / "predict" / "conftest.py"
SPEC = importlib.util.spec_from_file_location("made_table", HERE)
MADE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MADE)
make_table = MADE.make_table


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command of the study, with measurements that take no time."""

    def measured(options):
        found = Measured({"slope": 9.0}, 0.7, 0.9, 0.5, "balanced_accuracy", "val")
        return dict.fromkeys(options.ipc, found)

    monkeypatch.setattr(study_predict, "_measure", measured)

    def run(*words):
        status = study.main(["medjax.study", *words])
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", ["phantom", "phantom_findings"])
def test_it_measures_with_the_settings_of_the_study(name):
    spec = importlib.util.spec_from_file_location("config_study", ROOT / "configs" / "study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.get_config()
    made.update(datasets=(name,), methods=("indicator",), ipc=(10,), seeds=(1,), without=())
    (theirs,) = [job for job in make_grid(made.to_dict()).jobs if job.kind == "indicator"]
    options = study_predict.Options(name, name, (10,), "", pathlib.Path(), False)
    (ours,) = study_predict.configs_of(options).values()
    assert jsonable(binding(ours)) == theirs.settings["run"]


def test_without_a_table_it_measures_and_says_so(run, tmp_path):
    status, out, err = run("predict", "--data=mine.npz", f"--study={tmp_path}")
    assert status == 0 and "mine.npz, 10 images per class: random images reach 70.0" in out
    assert "no study table: cannot predict; --study names the folder of one" in out
    assert (
        err
        == f"medjax: no study table: cannot predict, only measure: {tmp_path} has no table.csv\n"
    )
    status, out, _ = run("predict", "--data=mine.npz", f"--study={tmp_path}", "--json")
    found = json.loads(out)
    assert found["message"] == "no study table: cannot predict" and found["forecasts"] is None
    assert found["measured"]["10"]["values"]["slope"] == 9.0


def test_with_a_table_it_predicts_and_recommends(run, make_table, tmp_path):
    write_table(tmp_path / "table.csv", make_table(0.5))
    status, out, _ = run("predict", "--data=mine.npz", f"--study={tmp_path}")
    assert status == 0 and "Distil with DM at 10 images per class, about 1 min 47 s a set" in out
    assert out.count("residual") == 5 and "beats (the best random images)" in out
    status, out, _ = run("predict", "--data=mine.npz", f"--study={tmp_path}", "--json")
    found = json.loads(out)
    assert found["recommended"] == {"method": "dm", "ipc": 10}
    assert len(found["forecasts"][0]["alike"]) == 5


def test_it_says_when_random_images_do_as_well(run, make_table, tmp_path):
    write_table(tmp_path / "table.csv", make_table(0.0))
    status, out, _ = run("predict", "--data=mine.npz", f"--study={tmp_path}")
    assert status == 0 and "Do not distil: random images do as well." in out
    assert "beats the best random images on 0" in out


def test_a_table_without_these_images_per_class_cannot_predict(run, make_table, tmp_path):
    write_table(tmp_path / "table.csv", make_table(0.5))
    status, out, _ = run("predict", "--data=mine.npz", "--ipc=50", f"--study={tmp_path}")
    assert status == 0 and "no three data sets with these images per class" in out


def test_a_task_is_not_predicted_from_itself(run, make_table, tmp_path):
    write_table(tmp_path / "table.csv", make_table(0.5))
    for name in ("mednist", "mednist_28_derived"):
        _, out, _ = run("predict", f"--data={name}", f"--study={tmp_path}", "--json")
        assert json.loads(out)["forecasts"][0]["sets"] == 19


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["predict"], "--data is missing"),
        (["predict", "--data=a.npz", "--ipc=ten"], "--ipc takes whole numbers of at least 1"),
        (["predict", "--data=a.npz", "--ipc=0"], "--ipc takes whole numbers of at least 1"),
        (["predict", "--data=a.npz", "--ipc="], "--ipc"),
        (["predict", "more"], "unexpected argument 'more'"),
        (["indicator"], "--study is missing"),
        (["indicator", "--study=nowhere"], "there is no table.csv in nowhere"),
        (["indikator"], "did you mean 'indicator'"),
    ],
)
def test_mistakes_are_a_line(words, complaint, run):
    status, out, err = run(*words)
    assert status == 2 and complaint in err and len(err.splitlines()) == 1 and not out


def test_a_damaged_table_is_refused_before_anything_is_measured(run, tmp_path, monkeypatch):
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    monkeypatch.setattr(study_predict, "_measure", lambda options: 1 / 0)
    status, _, err = run("predict", "--data=mine.npz", f"--study={tmp_path}")
    assert status == 2 and "is no table of a study" in err


def test_the_verdict_on_indicators(run, make_table, tmp_path):
    write_table(tmp_path / "table.csv", make_table(0.5))
    status, out, _ = run("indicator", f"--study={tmp_path}", f"--out={tmp_path / 'verdict.md'}")
    assert status == 0 and "The primary indicator, slope, is useful on 20 data sets" in out
    assert (tmp_path / "verdict.md").read_text() == out
    status, _, err = run("indicator", f"--study={tmp_path}", "--method=dc")
    assert status == 2 and "'slope' with an outcome for 0 of the 3" in err


@pytest.mark.parametrize("name", ["predict", "indicator"])
def test_help(name, run):
    status, out, _ = run(name, "--help")
    assert status == 0 and f"python -m medjax.study {name}" in out
