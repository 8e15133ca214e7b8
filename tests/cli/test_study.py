"""``python -m medjax.study``: its flags, its output, and one whole grid."""

import csv
import pathlib
import subprocess
import sys

import pytest

from medjax.cli import study, study_collect
from medjax.study.running import schedule, workers

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of ml_collections, as it loads a config file.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")
CONFIG = f"--config={ROOT / 'configs' / 'study.py'}:tiny"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--workdir=w"], "--config is missing"),
        ([CONFIG], "--workdir is missing"),
        ([CONFIG, "--workdir=w", "--shard=2/2"], "--shard takes i/n with i from 0 to n - 1"),
        ([CONFIG, "--workdir=w", "--shard=half"], "--shard takes i/n"),
        ([CONFIG, "--workdir=w", "--cluster=slrum"], "unknown cluster 'slrum' (did you mean"),
        ([CONFIG, "--workdir=w", "--cluster=slurm", "--jobs=2"], "--jobs is for this machine"),
        ([CONFIG, "--workdir=w", "--jobs=0"], "flag --jobs=0"),
        ([CONFIG, "--workdir=w", "collct"], "unknown command of medjax.study 'collct'"),
        ([CONFIG, "--workdir=w", "--config.iqc=1"], "unknown config key"),
        ([f"{CONFIG}y", "--workdir=w"], "study.py takes full or tiny after the colon, got tinyy"),
        ([CONFIG, "--workdir=w", "--config.methods=('dmm',)"], "unknown method 'dmm'"),
        ([CONFIG, "--workdir=/dev/null/w", "--config.seeds=1"], "cannot write /dev/null/w"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(flags, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert study.main(["study", *flags]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("medjax: ") and message in err
    assert err.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_help_needs_no_library(capsys):
    code = "import sys; from medjax.cli import study; study.main(['study', '--help'])\n"
    code += "assert 'jax' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "--shard" in done.stdout


def test_a_dry_run_lists_the_jobs_and_writes_nothing(capsys, tmp_path):
    assert study.main(["study", CONFIG, f"--workdir={tmp_path / 'w'}", "--dry_run"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line[30:] for line in lines] == [
        f"phantom · {method} · ipc 1 · seed {seed}"
        for method in ("baselines", "dm")
        for seed in (0, 1)
    ]
    assert last.startswith("4 of 4 jobs are missing: about ") and not (tmp_path / "w").exists()


def table(workdir, *, without=("seconds",)):
    with open(workdir / "table.csv", newline="") as stream:
        return [
            {k: v for k, v in row.items() if k not in without} for row in csv.DictReader(stream)
        ]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The tiny grid with one seed, done by one process."""
    workdir = tmp_path_factory.mktemp("study")
    flags = [CONFIG, f"--workdir={workdir}", "--config.seeds=1", "--jobs=1"]
    assert study.main(["study", *flags]) == 0
    return workdir, flags


def test_a_whole_grid(done):
    workdir, _ = done
    rows = table(workdir)
    methods = ["random", "random_selected", "kcenter", "whole", "whole_balanced", "chance", "dm"]
    assert list(dict.fromkeys(row["method"] for row in rows)) == methods
    assert len(rows) == len(methods) * 6  # three metrics on val and test
    sizes = {row["method"]: (row["images"], row["bytes"]) for row in rows}
    assert sizes["dm"] == sizes["random"] == ("4", str(4 * 256))
    assert sizes["whole"] == ("2000", str(2000 * 256))
    chance = {row["metric"]: row["mean"] for row in rows if row["method"] == "chance"}
    assert chance == {"accuracy": "0.25", "balanced_accuracy": "0.25", "auroc": "0.5"}
    assert "2 of 2 jobs are finished" in (workdir / "report.html").read_text()
    assert list(workdir.glob("jobs/*/run/synthetic.npz"))


def test_the_run_finds_the_baselines_that_are_kept(done):
    (log,) = (text for path in done[0].glob("logs/*") if "matching" in (text := path.read_text()))
    kept = ("random", "draw", "random_selected", "whole", "kcenter")
    assert all(f"using the baseline {name} in" in log for name in kept)


def test_the_same_command_does_nothing_more(done, capsys, monkeypatch):
    workdir, flags = done
    before = table(workdir, without=())
    monkeypatch.setattr(workers, "Workers", None)  # no process is started
    assert study.main(["study", *flags]) == 0
    assert table(workdir, without=()) == before
    assert capsys.readouterr().out.endswith("report.html shows what is there.\n")


def test_a_dry_run_knows_what_jobs_took(done, capsys):
    assert study.main(["study", *done[1][:2], "--dry_run"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and last.startswith("2 of 4 jobs are missing")


def test_shards_are_collected(done, capsys, tmp_path):
    out = tmp_path / "out"
    assert study_collect.main(["collect", str(done[0]), f"--out={out}"]) == 0
    assert table(out, without=()) == table(done[0], without=())
    assert "2 of 2 jobs are finished." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out=w"], "folders or --out are missing"),
        (["a"], "folders or --out are missing"),
        (["nowhere", "--out=w"], "nowhere is no folder of a study: it has no study.json"),
        (["a", "--ot=w"], "Unknown command line flag 'ot'"),
    ],
)
def test_mistakes_of_collect(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert study.main(["study", "collect", *arguments]) == 2
    assert message in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_failed_jobs_are_status_one(capsys, tmp_path, monkeypatch):
    def fail(jobs, workdir, place, *, tell):
        return {jobs[0]: "of no use"}

    monkeypatch.setattr(schedule, "do_jobs", fail)
    flags = [CONFIG, f"--workdir={tmp_path}", "--config.seeds=1"]
    assert study.main(["study", *flags]) == 1
    assert "1 of 2 jobs are finished." in capsys.readouterr().out
    assert "seed 0 failed: of no use" in (tmp_path / "report.html").read_text()
