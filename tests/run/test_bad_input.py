"""Users' mistakes: one line from the launcher, and nothing half-written."""

import hashlib
import pathlib
import sys
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data, evaluate, launch
from medjax.run import config, judging, summary
from medjax.run.checkpoint import Checkpoints
from medjax.run.progress import Stopwatch
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment
from medjax.run.state import Candidate

# The flags library loads a config file in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = "ipc=2,net.width=4,net.depth=1,data.download=False"


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """Runs in a folder of its own and restores what ``main`` sets for the process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("MEDJAX_DATA_DIR", str(tmp_path))


def arrays(size=8):
    """A valid set: two classes with 10 and 5 training images."""
    rng, content = np.random.default_rng(0), {}
    for split, n in (("train", 15), ("val", 6), ("test", 6)):
        content[f"{split}_images"] = rng.integers(0, 255, (n, size, size), np.uint8)
        content[f"{split}_labels"] = (np.arange(n) % 3 == 0).astype(np.uint8)
    return content


def write(name="set.npz", size=8, **changes):
    np.savez(name, **arrays(size) | changes)


def refused(capsys, *args, name="set.npz", arg=TINY, workdir="w"):
    """The one line of a launcher that refuses to run."""
    config_flag = f"--config={ROOT}/configs/dm.py:{name},{arg}"
    assert launch.main(["launch", config_flag, f"--workdir={workdir}", *args]) == 2
    said = capsys.readouterr()
    line = said.err.splitlines()[-1]
    assert said.out == "" and line.startswith("medjax: ")
    assert said.err.count("medjax: ") == said.err.count("\n")
    return line.removeprefix("medjax: ")


@pytest.fixture
def nothing_written():
    yield
    assert not pathlib.Path("w").exists()


@pytest.mark.usefixtures("nothing_written")
class TestBeforeTheRun:
    def test_a_missing_file(self, capsys):
        assert refused(capsys) == "no data file set.npz"

    def test_a_registered_set_that_is_not_there(self, capsys):
        line = refused(capsys, name="bloodmnist")
        assert line.startswith(f"no data file {pathlib.Path.cwd()}/bloodmnist.npz: put https://")

    def test_a_truncated_file(self, capsys):
        write()
        content = pathlib.Path("set.npz").read_bytes()
        pathlib.Path("set.npz").write_bytes(content[: len(content) // 2])
        assert refused(capsys).startswith("set.npz is not a readable .npz file (")

    def test_an_unknown_data_set(self, capsys):
        write("mine.npz")
        line = refused(capsys, "--config.data.name=breatmnist")
        assert line.startswith("unknown data set 'breatmnist' (did you mean 'breastmnist'?)")
        assert line.endswith(", mine")

    def test_an_unknown_method(self, capsys):
        write()
        line = refused(capsys, "--config.method=dmm")
        assert line == (
            "unknown method 'dmm' (did you mean 'dm'?); "
            "choose from: auto, datm, dc, dm, dsa, herding, hoptm, idc, idm, kcenter, mtt, ncfm, "
            "random, rded"
        )

    def test_an_unknown_key(self, capsys):
        line = refused(capsys, "--config.distill.batch_reel=3")
        assert "batch_reel" in line and 'Did you mean "batch_real"' in line

    def test_labels_out_of_range(self, capsys):
        labels = arrays()["test_labels"]
        write(test_labels=labels + np.uint8(2))
        line = "set.npz: test_labels holds 2; train_labels holds only 0, 1"
        assert refused(capsys) == line
        write(train_labels=arrays()["train_labels"].astype(int) - 1)
        line = "set.npz: train_labels holds the negative label -1 beside 0, as images without a"
        assert refused(capsys).startswith(line)

    def test_an_empty_class(self, capsys):
        write(train_labels=arrays()["train_labels"] * 2, val_labels=np.zeros(6, int))
        line = "set.npz: test_labels holds 1; train_labels holds only 0, 2"
        assert refused(capsys) == line

    def test_more_images_than_a_class_has(self, capsys):
        write()
        assert refused(capsys, "--config.ipc=6") == (
            "class 1 has 5 training images, too few to start 6 synthetic images; "
            "use an ipc of at most 5 for it, or init=noise to distil"
        )

    def test_pixels_that_are_no_numbers(self, capsys):
        images = arrays()["val_images"].astype(np.float32)
        images[0, :2, 0] = np.nan
        write(val_images=images)
        line = "set.npz: val_images holds 2 NaN or infinite pixels (float32); replace them"
        assert refused(capsys).startswith(line)

    def test_fewer_numbers_than_groups_of_a_multi_label_set(self, capsys):
        rows = {k: np.tri(2, dtype=int)[v] for k, v in arrays().items() if "labels" in k}
        write(**rows)
        line = "ipc lists 3 numbers [1, 1, 1] for 2 classes; give one number, or one for each class"
        assert refused(capsys, "--config.ipc_per_class=(1,1,1)") == line

    def test_a_network_too_deep_for_the_images(self, capsys):
        write()
        line = refused(capsys, "--config.net.depth=4")
        assert line.endswith("the depth can be at most 3")

    def test_a_learner(self, capsys, monkeypatch):
        line = refused(capsys, "--config.evaluation.learners=logistic, knm", name="gone.npz")
        assert line.startswith("unknown learner 'knm' (did you mean 'knn'?); choose from: ")
        monkeypatch.setitem(sys.modules, "sklearn", None)
        line = refused(capsys, arg=f"{TINY},evaluation.learners=('knn',)", name="gone.npz")
        assert line == "learners need scikit-learn: pip install -e '.[learners]'"

    def test_a_workdir_whose_name_checkpoints_cannot_have(self, capsys):
        write()
        line = refused(capsys, workdir="w\udcf6rk")
        assert line == r"workdir must be a name in UTF-8, got w\xf6rk"

    def test_a_workdir_elsewhere(self, capsys):
        write()
        line = refused(capsys, workdir="gs://bucket/w")
        assert line.startswith("workdir must be a folder of this machine, got gs:/")
        assert sorted(path.name for path in pathlib.Path().iterdir()) == ["set.npz"]


def test_an_unwritable_workdir(capsys):
    write()
    pathlib.Path("w").write_text("a file in its place")
    line = refused(capsys)
    assert line.startswith(f"cannot write checkpoints in {pathlib.Path.cwd()}/w/checkpoints: ")
    assert pathlib.Path("w").read_text() == "a file in its place"


def test_something_else_in_the_place_of_a_file(capsys):
    write()
    pathlib.Path("w/metrics.jsonl").mkdir(parents=True)
    assert refused(capsys) == "cannot write w/metrics.jsonl: Is a directory"


def contents(folder):
    """Every file that is not empty."""
    files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files if path.stat().st_size}


def test_a_corrupt_checkpoint(capsys):
    write()
    with Checkpoints("w/checkpoints", keep=1, tied_to={}) as checkpoints:
        checkpoints.save(3, {"images": jnp.ones(1000)})
    for path in pathlib.Path("w/checkpoints").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:10])
    before = contents("w")
    line = refused(capsys)
    assert line.startswith(f"every checkpoint in {pathlib.Path.cwd()}/w/checkpoints is damaged: ")
    assert line.endswith("; remove the folder to start again")
    assert contents("w") == before


def test_a_foreign_checkpoint(capsys):
    from orbax import checkpoint as ocp

    write()
    with ocp.CheckpointManager(pathlib.Path("w/checkpoints").absolute()) as manager:
        manager.save(3, args=ocp.args.StandardSave({"w": jnp.ones(3)}))
    before = contents("w")
    line = refused(capsys)
    assert line.endswith("w/checkpoints/3 is not a checkpoint of medjax; use another workdir")
    assert contents("w") == before


@pytest.mark.filterwarnings("always:.*is not the published")
def test_a_file_that_is_not_the_published_one(capsys, monkeypatch):
    write("breastmnist.npz", 28)
    ours = hashlib.md5(pathlib.Path("breastmnist.npz").read_bytes()).hexdigest()
    theirs = "750601b1f35ba3300ea97c75c52ff8f6"
    flag = f"--config={ROOT}/configs/dm.py:breastmnist,{TINY},ipc=10"
    assert launch.main(["launch", flag, "--workdir=w"]) == 2  # refused, but for the ipc
    warning, error = capsys.readouterr().err.splitlines()
    path = pathlib.Path.cwd() / "breastmnist.npz"
    assert warning == (
        f"medjax: warning: {path} is not the published breastmnist: its MD5 is {ours}, not {theirs}"
    )
    assert "class 1 has 5 training images" in error

    made = config.make("dm", "breastmnist", f"{TINY},ipc=1").to_dict()
    experiment = make_experiment(Settings.from_config(made))
    info = experiment.dataset.info
    assert (info.digest, info.official_digest, info.source) == (ours, theirs, str(path))
    fake = {name: {"mean": 0.5, "std": 0.0, "n": 1} for name in ("balanced_accuracy", "auroc")}
    scores = {"val": fake, "test": fake}
    monkeypatch.setattr(evaluate, "evaluate_set", lambda *_, **__: scores)
    names = ("random", "kcenter", "whole", "whole_balanced")
    baselines = dict.fromkeys(names, evaluate.Baseline(scores, {}))
    monkeypatch.setattr(evaluate, "score_baselines", lambda *_, **__: baselines)
    state = experiment.distiller.init(experiment.keys["distill"], experiment.real)
    start = Candidate.of(state)
    with Stopwatch() as stopwatch:
        judged = judging.judge(experiment, start, start, stopwatch)
    result = summary.summarise(experiment, start, start, judged, seconds={}, commit=None)
    assert result["data"]["digest"] == ours and result["data"]["official_digest"] == theirs
    assert data.REGISTRY["breastmnist"].md5[0] == theirs
