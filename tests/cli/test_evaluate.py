"""``python -m medjax.evaluate`` on the images of a tiny run, and its messages for mistakes."""

import json
import shutil
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from medjax.cli import run_beside
from medjax.cli.evaluate import main
from medjax.run import config, distill

TINY = (
    "ipc=3,net.width=4,net.depth=1,evaluation.epochs=2,evaluation.whole_steps=2,mesh.devices=1,"
    "evaluation.batch_size=16,evaluation.networks=2,evaluation.select_networks=1,seed=3,"
    "evaluation.augment=none"
)
LEARNERS = "evaluation.learners=('knn','logistic')"


@pytest.fixture(autouse=True)
def _same_warnings(monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


@pytest.fixture(scope="module")
def run(striped, tmp_path_factory):
    """``(workdir, summary)`` of a finished run with learners: a core-set by pixels."""
    workdir = tmp_path_factory.mktemp("runs") / "herding"
    arg = f"{TINY},{LEARNERS},distill.space=pixels,{striped / 'set.npz'}"
    return workdir, distill.distill(config.make("herding", "phantom", arg).to_dict(), workdir)


@pytest.fixture(scope="module")
def whitened(striped, tmp_path_factory):
    """Like ``run``, of MTT by the fast recipe: whitened images and their learning rate."""
    folder = tmp_path_factory.mktemp("runs")
    arg = (
        f"{TINY},{LEARNERS},iterations=2,data.prepare=zca(mtt),data.cache={folder},"
        "distill.augment=none,"
        "distill.num_experts=2,distill.train_epochs=2,distill.max_start_epoch=1,"
        "distill.expert_epochs=1,distill.syn_steps=2,distill.step_size=0.3,distill.learning_rate=1.0,"
        f"evaluation.every=2,evaluation.recipe=fast,evaluation.epochs=10,{striped / 'set.npz'}"
    )
    return folder / "mtt", distill.distill(
        config.make("mtt", "phantom", arg).to_dict(), folder / "mtt"
    )


@pytest.fixture(scope="module")
def prepared(striped, tmp_path_factory):
    """Like ``run``, of images prepared with statistics of the training split."""
    workdir = tmp_path_factory.mktemp("runs") / "prepared"
    steps = "percentile_clip(20, 80)|resize(6, crop)|rgb"
    arg = f"{TINY},distill.space=pixels,data.prepare={steps},{striped / 'set.npz'}"
    return workdir, distill.distill(config.make("herding", "phantom", arg).to_dict(), workdir)


def evaluated(capsys, *arguments, out):
    assert main(["evaluate", *arguments, f"--out={out}"]) == 0
    said = capsys.readouterr()
    return said.out, json.loads(out.read_text())


def test_a_core_set_is_a_run_like_any_other(run, striped):
    workdir, summary = run
    assert (summary["method"], summary["init"], summary["selected_step"]) == (
        "herding",
        "coreset",
        1,
    )
    with np.load(workdir / "synthetic.npz") as made, np.load(striped / "set.npz") as real:
        images, own = made["images_uint8"][..., 0], real["train_images"]
        rows = [np.flatnonzero((own == image).all((1, 2)))[0] for image in images]
        assert real["train_labels"][rows].tolist() == made["labels"].tolist() == [0] * 3 + [1] * 3
    assert "must not leave the site" in (workdir / "report.html").read_text()


@pytest.mark.parametrize("made", ["run", "whitened", "prepared"])
def test_it_scores_what_the_run_reported(made, request, tmp_path, capsys):
    workdir, summary = request.getfixturevalue(made)
    path = f"--synthetic={workdir / 'synthetic.npz'}"
    printed, written = evaluated(capsys, path, out=tmp_path / "a.json")
    (name,) = written["results"]
    assert written["data"]["preparation"] == summary["data"]["preparation"]
    assert name == "convnet:width=4:depth=1" and name in printed and str(tmp_path) in printed
    assert written["recipe"]["name"] == ("fast" if made == "whitened" else "reference")
    recipe = summary["recipe"] | {"learning_rate": written["recipe"]["learning_rate"]}
    assert written["recipe"] == json.loads(json.dumps(recipe))
    wanted = summary["step_size"] or summary["recipe"]["learning_rate"]
    assert written["recipe"]["learning_rate"] == pytest.approx(wanted)
    for split in ("val", "test"):
        for metric, score in written["results"][name][split].items():
            wanted = summary[split][metric]
            assert score["n"] == wanted["n"]
            assert score["mean"] == pytest.approx(wanted["mean"], abs=max(wanted["std"], 0.02))


def test_other_images_are_prepared_as_the_sets_own_were(prepared, striped, tmp_path, capsys):
    workdir, summary = prepared
    first, *rest = summary["data"]["preparation"]
    assert first.startswith("percentile_clip(low=20, high=80, over=train, bounds=(")
    assert rest == ["resize(size=6, keep_aspect=crop)", "rgb", "normalize(mode=per_channel)"]
    with np.load(workdir / "synthetic.npz") as made:
        assert made["images"].shape == (6, 6, 6, 3)
        assert str(made["preparation"]).split("|") == summary["data"]["preparation"]
    with np.load(striped / "set.npz") as real:
        darker = {k: v // 2 if k.endswith("images") else v for k, v in real.items()}
        np.savez(tmp_path / "darker.npz", **darker)
    paths = [f"--synthetic={workdir / 'synthetic.npz'}", f"--data={tmp_path / 'darker.npz'}"]
    _, written = evaluated(capsys, *paths, out=tmp_path / "c.json")
    assert written["data"]["preparation"] == summary["data"]["preparation"]


def test_other_networks_and_another_recipe(run, striped, tmp_path, capsys):
    workdir, _ = run
    with np.load(workdir / "synthetic.npz") as made:
        np.savez(tmp_path / "bare.npz", images=made["images_uint8"], labels=made["labels"])
        for row, (image, label) in enumerate(
            zip(made["images_uint8"], made["labels"], strict=True)
        ):
            (tmp_path / "set" / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(tmp_path / "set" / str(label) / f"{row}.png")
    where = f"--data={striped / 'noval.npz'}"
    options = [
        "--nets=mlp:width=4, convnet:width=2:depth=1",
        "--networks=1",
        "--epochs=1",
        "--augment=none",
    ]
    results = []
    for source in ("bare.npz", "set"):
        path = f"--synthetic={tmp_path / source}"
        printed, written = evaluated(capsys, path, where, *options, out=tmp_path / "b.json")
        assert list(written["results"]) == ["mlp:width=4", "convnet:width=2:depth=1"]
        assert "convnet:width=2:depth=1" in printed and "val" not in printed
        recipe = written["recipe"]
        assert (recipe["epochs"], recipe["augment"], recipe["batch_size"]) == (1, None, 256)
        results.append(written["results"])
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--synthetic is missing, as in --synthetic=runs/dm/synthetic.npz"),
        (
            ["--synthetic=a.npz"],
            "--data is missing: a data set to score on, as in --data=bloodmnist",
        ),
        (["--synthetic=a.npz", "--data=SET"], "there is no file or folder a.npz"),
        (
            ["--synthetic=a.npz", "--data=phantm"],
            "unknown data set 'phantm' (did you mean 'phantom'",
        ),
        (["RUN", "--nets=resnet"], "unknown network 'resnet' (did you mean 'resnet18'?)"),
        (["RUN", "--nets=mlp:width=x"], "width of mlp takes int values, got 'x'"),
        (["RUN", "--nets=mlp,vgg11"], "a VGG11 needs images of at least 32×32, got 8×8"),
        (["RUN", "--learners=knm"], "unknown learner 'knm' (did you mean 'knn'?)"),
        (["RUN", "--networks=0"], "--networks must be at least 1, got 0"),
        (["RUN", "--networks=x"], "flag --networks=x"),
        (["RUN", "--seed=-1"], "seed must be at least 0, got -1"),
        (["RUN", f"--seed={10**20}"], f"seed must be below {2**32}, got {10**20}"),
        (["RUN", "--out=/dev/null/a.json"], "cannot write /dev/null/a.json: File exists"),
        (["RUN", "--nets=mlp:width=0"], "width of mlp must be a whole number of at least 1, got 0"),
        (["--synthetic=", "--data=SET"], "--synthetic is missing, as in --synthetic=runs/"),
        (["--synthetic=/", "--data=SET"], "must be a file or a folder of its own, got /"),
        (["RUN", "--epochs=-1"], "epochs must be a whole number of at least 0, not -1"),
        (["RUN", "--augment=flop"], "unknown DSA operator 'flop' (did you mean 'flip'?)"),
        (["RUN", "--precision=half"], "unknown precision 'half'"),
        (["RUN", "--data=phantom"], "holds 8×8×1 images, but those of phantom are 28×28×1"),
        (["RUN", "--net=mlp"], "Unknown command line flag 'net'"),
        (["RUN", "convnet"], "unexpected argument 'convnet'; all are flags, see --help"),
    ],
)
def test_mistakes_are_one_line(run, striped, capsys, arguments, message):
    words = {"RUN": f"--synthetic={run[0] / 'synthetic.npz'}"}
    arguments = [
        words.get(word, word.replace("SET", str(striped / "set.npz"))) for word in arguments
    ]
    assert main(["evaluate", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and message in said.err and said.err.count("\n") == 1
    assert not (run[0] / "synthetic_evaluation.json").exists()


@pytest.mark.parametrize("made", ["run", "whitened"])
def test_learners_compare_with_random_images(made, request, tmp_path, capsys):
    path = f"--synthetic={request.getfixturevalue(made)[0] / 'synthetic.npz'}"
    options = ["--nets=", "--learners=knn, mlp,knn", "--networks=3"]
    printed, written = evaluated(capsys, path, *options, out=tmp_path / "a.json")
    assert written["results"] == {} and list(written["learners"]) == ["knn", "mlp"]
    for name, n in (("knn", 1), ("mlp", 3)):
        found = written["learners"][name]
        assert found["set"]["test"]["ece"]["n"] == n
        assert found["random"]["val"]["balanced_accuracy"]["n"] == 3
        assert found["difference"]["metric"] == "balanced_accuracy"
        ours, random = (found[x]["test"]["balanced_accuracy"]["mean"] for x in ("set", "random"))
        assert found["difference"]["mean"] == pytest.approx(ours - random)
        assert found["verdict"] in ("beats", "is below", "not shown")
        (ours, random) = (line for line in printed.splitlines() if name in line[:20])
        assert ours.startswith(name) and random.startswith(f"random images, {name}")
    (line,) = [line for line in printed.splitlines() if line.startswith("Against as many random")]
    assert "95 % prediction interval of 3 draws" in line and "knn" in line and "mlp" in line


@pytest.mark.parametrize("made", ["run", "whitened"])
def test_learners_say_of_a_run_what_its_report_says(made, request, tmp_path, capsys):
    workdir = request.getfixturevalue(made)[0]
    options = ["--nets=", "--learners=knn,logistic", f"--synthetic={workdir / 'synthetic.npz'}"]
    printed, written = evaluated(capsys, *options, out=tmp_path / "a.json")
    reported = json.loads((workdir / "summary.json").read_text())["learners"]
    assert list(reported) == ["knn", "logistic"]
    for name, found in written["learners"].items():
        known = reported[name]
        assert list(known) == list(found) and known["verdict"] == found["verdict"]
        for one in ("set", "random"):
            for metric, score in found[one]["test"].items():
                wanted = known[one]["test"][metric]["values"]
                assert score["values"] == pytest.approx(wanted, abs=1e-5)
        assert found["difference"] == pytest.approx(known["difference"])
    (line,) = [line for line in printed.splitlines() if line.startswith("Against as many random")]
    assert line in (workdir / "report.html").read_text()


def test_learners_without_scikit_learn_name_the_extra(run, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert main(["evaluate", f"--synthetic={run[0] / 'synthetic.npz'}", "--learners=knn"]) == 2
    said = capsys.readouterr().err
    assert said == "medjax: learners need scikit-learn: pip install -e '.[learners]'\n"


def test_networks_that_diverge_are_said(run, tmp_path, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = [f"--synthetic={run[0] / 'synthetic.npz'}", "--learning_rate=1e30", "--nets=mlp"]
        printed, written = evaluated(capsys, *options, out=tmp_path / "a.json")
    assert written["results"]["mlp"]["test"]["auroc"]["diverged"] == 2
    assert "Networks that diverged count as guessing: 2 of 2 of mlp.\n" in printed


def test_the_folder_one_is_in(striped, tmp_path, monkeypatch, capsys):
    for label in ("0", "1"):
        (tmp_path / "here" / label).mkdir(parents=True)
        Image.new("L", (8, 8), 100 * int(label)).save(tmp_path / "here" / label / "a.png")
    monkeypatch.chdir(tmp_path / "here")
    options = ["--nets=mlp:width=2", "--networks=1", "--epochs=1", "--augment=none"]
    assert main(["evaluate", "--synthetic=.", f"--data={striped / 'noval.npz'}", *options]) == 0
    assert (tmp_path / "here_evaluation.json").is_file()
    capsys.readouterr()


def test_help(capsys):
    assert main(["evaluate", "--help"]) == 0
    assert "--synthetic" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda summary: summary.pop("recipe"), "recipe takes epochs, learning_rate"),
        (lambda summary: summary["recipe"].update(warmup=3), "recipe takes epochs, learning_rate"),
        (lambda summary: summary["recipe"].update(epochs=-1), "epochs must be a whole number"),
        (lambda summary: summary["config"].update(other=3), "unknown config key 'other'"),
        (lambda summary: summary["config"].pop("net"), "config key net is missing"),
    ],
)
def test_a_summary_of_another_version_is_ignored(run, tmp_path, capsys, change, message):
    summary = json.loads((run[0] / "summary.json").read_text())
    change(summary)
    shutil.copy(run[0] / "synthetic.npz", tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["evaluate", f"--synthetic={tmp_path / 'synthetic.npz'}"]) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert "summary.json is not of this version and is ignored" in warning and message in warning
    assert "--data is missing" in error


def test_a_bug_in_reading_settings_keeps_its_traceback(run, monkeypatch):
    def ours(*_):
        raise KeyError("a bug")

    monkeypatch.setattr(run_beside.Settings, "from_config", ours)
    with pytest.raises(KeyError, match="a bug"):
        main(["evaluate", f"--synthetic={run[0] / 'synthetic.npz'}"])
