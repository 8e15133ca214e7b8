"""Several seeds by one command: the same runs as one by one, resumed, refused, summarised."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from medjax import evaluate
from medjax.errors import PreemptedError, UserError
from medjax.run import config as configs
from medjax.run import distill
from medjax.run.preemption import Preemption
from medjax.run.seeds import distill_seeds, seeds_of
from medjax.run.settings import Settings
from medjax.run.summary import read_finished

ROOT = pathlib.Path(__file__).resolve().parents[3]


def read(workdir):
    return json.loads((workdir / "summary.json").read_text())


def times(workdir):
    return {path: path.stat().st_mtime_ns for path in workdir.rglob("*")}


@pytest.fixture(scope="module")
def several(settings, tmp_path_factory):
    """The workdir of three seeds that nothing stopped; read-only."""
    workdir = tmp_path_factory.mktemp("seeds") / "run"
    distill_seeds(settings("dm", "seeds=3"), workdir)
    return workdir


@pytest.fixture
def copied(several, tmp_path):
    return shutil.copytree(several, tmp_path / "run")


def test_a_part_is_the_run_of_its_seed(several, straight, settings, tmp_path, result):
    assert result(several / "seed_0") == result(straight("dm"))
    distill.distill(settings("dm", "seed=2"), tmp_path / "two")
    assert result(several / "seed_2") == result(tmp_path / "two")
    assert read(several / "seed_2")["config"] == read(tmp_path / "two")["config"]
    images = [np.load(several / f"seed_{i}" / "synthetic.npz")["images"] for i in range(3)]
    assert not np.array_equal(images[0], images[1])


def test_the_summary_has_means_spreads_and_intervals(several):
    summary, runs = read(several), [read(several / f"seed_{seed}") for seed in range(3)]
    assert sorted(path.name for path in several.iterdir()) == [
        "report.html",
        *(f"seed_{seed}" for seed in range(3)),
        "summary.json",
    ]
    for name in ("method", "dataset", "ipc", "num_images", "select_by", "headline", "data"):
        assert summary[name] == runs[0][name]
    assert summary["seeds"] == [0, 1, 2] and summary["seed_runs"] == ["seed_0", "seed_1", "seed_2"]
    assert "seed" not in summary and "ior" not in summary
    assert (summary["config"]["seed"], summary["config"]["seeds"]) == (0, [3])
    assert summary["selected_step"] == [run["selected_step"] for run in runs]
    values = [run["baselines"]["random"]["auroc"]["values"] for run in runs]
    expected = evaluate.two_level(values)
    assert summary["baselines"]["random"]["auroc"] == {
        "mean": expected.interval.mean,
        "between_seed_std": expected.seed_std,
        "between_network_std": expected.network_std,
        "interval": [expected.interval.low, expected.interval.high],
        "n": 3,
        "values": values,
        "diverged": 0,
    }
    assert set(summary["differences"]) == {"random", "random_selected", "kcenter", "whole"}
    for gap in summary["differences"]["random_selected"].values():
        found = evaluate.Interval(gap["mean"], *gap["interval"], 3)
        assert gap["verdict"] == evaluate.verdict(found)
    assert summary["baseline_facts"]["random_selected"] == {"draws": 2}
    assert summary["time"]["total_s"] == pytest.approx(sum(r["time"]["total_s"] for r in runs))
    assert summary["device"] == runs[0]["device"]


def test_finished_seeds_are_only_read(several, settings, monkeypatch):
    before = times(several)
    monkeypatch.setattr(distill, "make_experiment", lambda settings: pytest.fail("ran again"))
    assert distill_seeds(settings("dm", "seeds=3", "log_every=3"), several) == read(several)
    assert times(several) == before


def test_more_seeds_run_only_the_new_ones(copied, settings, monkeypatch):
    before, original, ran = times(copied / "seed_1"), distill.make_experiment, []

    def made(settings):
        ran.append(settings.seed)
        return original(settings)

    monkeypatch.setattr(distill, "make_experiment", made)
    summary = distill_seeds(settings("dm", "seeds=(1,7)"), copied)
    assert ran == [7] and times(copied / "seed_1") == before
    assert summary["seeds"] == [1, 7] and summary == read(copied)
    assert "seeds 1, 7</h1>" in (copied / "report.html").read_text("utf-8")


def kill(config, workdir, call, *, action):
    """Distils in a process that ends itself at the ``call``-th evaluation."""
    script = f"""
import json, os, signal, sys
import jax
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
from medjax import evaluate
from medjax.run.seeds import running as seeds
judge, calls = evaluate.evaluate_set, []
def evaluate_set(*args, **options):
    calls.append(args)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(*args, **options)
evaluate.evaluate_set = evaluate_set
original = seeds.distill.distill
def run(config, workdir, **options):
    if {action!r} == config["seed"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(config, workdir, **options)
seeds.distill.distill = run
seeds.distill_seeds(json.loads(sys.argv[1]), sys.argv[2])
"""
    command = [sys.executable, "-c", script, json.dumps(config), str(workdir)]
    env = os.environ | {"JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    child = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240)
    assert child.returncode == -signal.SIGKILL, child.stderr


@pytest.mark.parametrize("place", ["between two seeds", "inside the second"])
def test_a_killed_command_resumes_to_the_same_end(place, several, settings, tmp_path, result):
    config, workdir = settings("dm", "seeds=3"), tmp_path / "run"
    shutil.copytree(several / "seed_0", workdir / "seed_0")
    between = place == "between two seeds"
    kill(config, workdir, call=0 if between else 2, action=1 if between else None)
    assert (workdir / "seed_1" / "checkpoints").exists() != between
    assert not (workdir / "summary.json").exists()
    before = times(workdir / "seed_0")
    summary = distill_seeds(config, workdir)
    assert times(workdir / "seed_0") == before
    for seed in range(3):
        assert result(workdir / f"seed_{seed}") == result(several / f"seed_{seed}")
    expected = read(several)
    del summary["time"], expected["time"], summary["config"], expected["config"]
    assert summary == expected


def test_a_seed_whose_images_are_damaged_is_not_finished(copied, settings):
    """Its checkpoint has them, so the same command writes them again."""
    seed_1, own = copied / "seed_1", Settings.from_config(settings("dm", "seed=1"))
    assert read_finished(own, seed_1) == read(seed_1)
    (seed_1 / "synthetic.npz").write_bytes(b"damaged")
    assert read_finished(own, seed_1) is None


def test_a_preempted_seed_resumes_and_the_rest_follow(several, settings, tmp_path, monkeypatch):
    original = distill.make_experiment

    def told_to_end(settings):
        experiment = original(settings)

        def told(key, state, real, num_steps):
            if settings.seed == 1 and num_steps:
                os.kill(os.getpid(), signal.SIGTERM)
            return experiment.distiller.step(key, state, real, num_steps)

        return experiment._replace(distiller=experiment.distiller._replace(step=told))

    with monkeypatch.context() as patch, Preemption() as preemption:
        patch.setattr(distill, "make_experiment", told_to_end)
        with pytest.raises(PreemptedError, match=r"^preempted at step \d; the same command"):
            distill_seeds(settings("dm", "seeds=2"), tmp_path, preemption=preemption)
    assert not (tmp_path / "seed_1" / "summary.json").exists()
    summary = distill_seeds(settings("dm", "seeds=2"), tmp_path)
    assert summary["test"]["auroc"]["values"] == read(several)["test"]["auroc"]["values"][:2]


def test_a_run_of_one_seed_is_still_recognised(straight, settings, monkeypatch):
    workdir = straight("dm")
    monkeypatch.setattr(distill, "make_experiment", lambda settings: pytest.fail("ran again"))
    assert distill_seeds(settings("dm"), workdir) == read(workdir)
    assert distill_seeds(settings("dm", "seeds=0"), workdir) == read(workdir)
    older = settings("dm")
    del older["seeds"]
    assert distill_seeds(older, workdir) == read(workdir)


def test_a_run_of_one_seed_and_several_do_not_share_a_workdir(
    straight, several, settings, tmp_path
):
    workdir = shutil.copytree(straight("dm"), tmp_path / "one")
    with pytest.raises(UserError) as caught:
        distill_seeds(settings("dm", "seeds=2"), workdir)
    assert str(caught.value) == (
        f"{workdir} holds the run of one seed; use another workdir, or move what is in it to "
        f"{workdir}/seed_N, where N is its seed"
    )
    with pytest.raises(UserError) as caught:
        distill_seeds(settings("dm"), several)
    assert str(caught.value) == (
        f"{several} holds the results of seeds 0, 1, 2; set seeds, or use another workdir"
    )


def test_a_run_of_one_seed_that_was_moved_is_a_part(straight, several, settings, tmp_path):
    shutil.copytree(straight("dm"), tmp_path / "seed_0")
    for name in ("seed_1", "seed_2"):
        shutil.copytree(several / name, tmp_path / name)
    summary = distill_seeds(settings("dm", "seeds=3"), tmp_path)
    assert summary["test"] == read(several)["test"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("ipc=3", "seeds=3"), "seed_0 was run with other settings: ipc is 2 there and 3 here; "),
        (("ipc=3", "seeds=(8,9)"), "seed_0 was run with other settings: ipc is 2 there and 3 "),
    ],
)
def test_other_settings_are_refused(words, line, several, settings):
    before = times(several)
    with pytest.raises(UserError) as caught:
        distill_seeds(settings("dm", *words), several)
    assert line in str(caught.value) and "\n" not in str(caught.value)
    assert times(several) == before


def test_a_folder_of_another_seed_is_refused(several, settings, tmp_path):
    shutil.copytree(several / "seed_1", tmp_path / "seed_0")
    with pytest.raises(
        UserError, match=r"other settings: seed is 1 there and 0 here; use the same"
    ):
        distill_seeds(settings("dm", "seeds=2"), tmp_path)


def test_seeds_on_other_data_are_refused_though_the_data_is_gone(several, settings, tmp_path):
    workdir = shutil.copytree(several, tmp_path / "run")
    config = settings("dm", "seeds=2")
    config["data"]["name"] = str(tmp_path / "gone.npz")
    for seed in range(3):
        file = workdir / f"seed_{seed}" / "summary.json"
        summary = json.loads(file.read_text())
        summary["config"]["data"]["name"] = config["data"]["name"]
        summary["data"]["digest"] = f"digest{seed}"
        file.write_text(json.dumps(summary))
    with pytest.raises(UserError, match=r"different data, of the digests digest0, digest1; use a"):
        distill_seeds(config, workdir)


def test_one_of_several_seeds_cannot_tell(several, settings, tmp_path):
    shutil.copytree(several / "seed_0", tmp_path / "seed_0")
    summary = distill_seeds(settings("dm", "seeds=1"), tmp_path)
    assert summary["seeds"] == [0]
    gaps = [gap for gaps in summary["differences"].values() for gap in gaps.values()]
    assert {gap["verdict"] for gap in gaps} == {"cannot tell"}
    assert {tuple(gap["interval"]) for gap in gaps} == {(None, None)}
    assert summary["test"]["auroc"]["between_seed_std"] is None
    assert summary["test"]["auroc"]["between_network_std"] is not None
    assert "cannot tell" in (tmp_path / "report.html").read_text("utf-8")


def test_a_run_of_one_seed_says_that_it_cannot_tell(straight):
    summary = read(straight("dm"))
    assert {gap["verdict"] for x in summary["differences"].values() for gap in x.values()} == {
        "cannot tell"
    }
    page = (straight("dm") / "report.html").read_text("utf-8")
    assert "One seed cannot tell whether a difference is more than chance." in page


@pytest.mark.parametrize(
    ("seed", "listed", "expected"),
    [
        (0, (), []),
        (4, (0,), []),
        (4, (1,), [4]),
        (4, (3,), [4, 5, 6]),
        (4, (0, 3, 7), [0, 3, 7]),
        (4, (7, 0), [7, 0]),
        (2**32 - 2, (2,), [2**32 - 2, 2**32 - 1]),
    ],
)
def test_seeds_of(seed, listed, expected):
    assert [*seeds_of({"seed": seed, "seeds": listed})] == expected


@pytest.mark.parametrize(
    ("seed", "listed", "message"),
    [
        (0, (-1,), "the number of seeds must be at least 0, got -1"),
        (0, (2.5,), "seeds must be whole numbers, as in 5 or 0,3,7, got 2.5"),
        (0, (True,), "seeds must be whole numbers, as in 5 or 0,3,7, got True"),
        (0, ("0-4",), "seeds must be whole numbers, as in 5 or 0,3,7, got '0-4'"),
        (0, (0, "x"), "seeds must be whole numbers, as in 5 or 0,3,7, got 'x'"),
        (0, (3, 0, 3), "seeds names 3 more than once"),
        (0, (0, -3), "seed must be at least 0, got -3"),
        (-1, (3,), "seed must be at least 0, got -1"),
        (2**32 - 2, (3,), "seed must be below 4294967296, got 4294967296"),
        (0, (0, 2**32), "seed must be below 4294967296, got 4294967296"),
    ],
)
def test_wrong_seeds_are_one_line_before_anything_is_written(
    seed, listed, message, settings, tmp_path
):
    with pytest.raises(UserError) as caught:
        distill_seeds(settings("dm") | {"seed": seed, "seeds": listed}, tmp_path / "run")
    assert str(caught.value) == message and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("word", "seeds"), [("seeds=5", (5,)), ("seeds=(0,3,7)", (0, 3, 7)), ("seeds=[0,3]", (0, 3))]
)
def test_the_word_after_the_colon(word, seeds):
    assert configs.make("dm", "phantom", f"quick,{word}").seeds == seeds


def test_one_run_does_not_take_several_seeds(settings, tmp_path):
    with pytest.raises(UserError, match=r"^seeds names several runs, which "):
        distill.distill(settings("dm", "seeds=2"), tmp_path)


def test_other_errors_of_a_seed_end_the_command(settings, tmp_path):
    with pytest.raises(UserError, match="workdir must be a folder of this machine"):
        distill_seeds(settings("dm", "seeds=2"), "gs://bucket/run")
