"""``medjax share pack``: what it shows, what it asks, and what it refuses."""

import io
import sys

import jax.numpy as jnp
import pytest

from medjax import data, share, training
from medjax.cli.share import main
from medjax.run import config
from medjax.run.metrics import write_json
from medjax.types import SyntheticSet


@pytest.fixture
def workdir(tmp_path):
    """The workdir of a run on a user's own pictures, written by hand."""
    images = SyntheticSet(jnp.zeros((2, 4, 4, 1)), jnp.arange(2))
    data.save_synthetic(tmp_path / "run" / "synthetic.npz", images, mean=[0.5], std=[0.2])
    settings = config.make("dm", "phantom", "quick,ipc=1,distill.init=noise").to_dict()
    settings["data"]["name"] = f"folder:{tmp_path}"
    score = {"accuracy": {"mean": 0.8, "std": 0.1, "n": 2}}
    facts = {"source": str(tmp_path), "digest": "0", "official_digest": None, "licence": "unknown"}
    facts |= {"task": "binary-class", "classes": ["Mole\x1b[2J", "melanoma"]}
    facts |= {"counts": {"train": 9, "test": 3}, "left_out": []}
    summary = {"method": "dm", "dataset": "x", "ipc": 1, "seed": 0, "init": "noise"}
    summary |= {"num_images": 2, "baseline_ipc": [1, 1], "iterations": 1, "selected_step": 1}
    summary |= {"step_size": None, "test": score, "baselines": {"random": score}}
    summary |= {"compared_by": "accuracy", "data": facts, "recipe": vars(training.Recipe())}
    summary |= {"config": settings, "versions": dict.fromkeys(("medjax", "jax", "numpy"), "1")}
    write_json(tmp_path / "run" / "summary.json", summary)
    return tmp_path / "run"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def packed(workdir, *more, out="a.zip"):
    return main(["share", "pack", f"--workdir={workdir}", f"--out={workdir / out}", *more])


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("Yes\n", 0), ("\n", 1), ("", 1)])
def test_a_terminal_is_asked(workdir, monkeypatch, capsys, answer, status):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert packed(workdir) == status
    shown = capsys.readouterr().out
    assert "melanoma" in shown and "May they leave? [y/N]" in shown and "\x1b" not in shown
    assert (workdir / "a.zip").exists() == (status == 0)


@pytest.mark.parametrize("stream", [io.StringIO("y\n"), None])
def test_without_one_the_user_says_so_before(workdir, monkeypatch, capsys, stream):
    monkeypatch.setattr(sys, "stdin", stream)
    assert packed(workdir) == 2
    assert "add --yes" in capsys.readouterr().err and not (workdir / "a.zip").exists()
    assert packed(workdir, "--yes", "--title=Moles") == 0
    assert "holds 2 images; it is unsigned." in capsys.readouterr().out
    assert share.read_bundle(workdir / "a.zip").card["title"] == "Moles"


def test_signed(workdir, capsys):
    pytest.importorskip("cryptography")
    assert main(["share", "keygen", f"--out={workdir / 'site.key'}"]) == 0
    assert packed(workdir, "--yes", f"--sign={workdir / 'site.key'}") == 0
    assert "it is signed." in capsys.readouterr().out
    assert share.verify(workdir / "a.zip", key=workdir / "site.key.pub").ok


def test_exported_and_merged(workdir, capsys):
    for level, name in enumerate(("a.zip", "b.zip")):
        images = SyntheticSet(jnp.full((2, 4, 4, 1), level), jnp.arange(2))
        data.save_synthetic(workdir / "synthetic.npz", images, mean=[0.5], std=[0.2])
        assert packed(workdir, "--yes", f"--title={name[0]}", out=name) == 0
    a, b, both = (workdir / x for x in ("a.zip", "b.zip", "both.zip"))
    assert main(["share", "export", str(a), "--to=imagefolder", f"--out={workdir / 'set'}"]) == 0
    assert (workdir / "set" / "metadata.csv").is_file()
    assert main(["share", "merge", str(a), str(b), f"--out={both}"]) == 0
    said = capsys.readouterr().out
    assert "3 files of the layout imagefolder" in said and "4 images of 2 parts" in said
    assert main(["share", "show", str(both)]) == 0
    assert (
        "merged from: a (2 images made from 9); b (2 images made from 9)" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["pack"], "--workdir is missing"),
        (["pack", "--workdir=none"], "--out is missing"),
        (["pack", "--workdir=none", "--out=a.zip"], "none holds no finished run"),
        (["pack", "more"], "unexpected argument 'more'"),
        (["export", "a.zip"], "--to is missing"),
        (["export", "a.zip", "--to=npz"], "--out is missing"),
        (["export", "a.zip", "--to=zip", "--out=b"], "unknown layout 'zip'"),
        (["export", "none.zip", "--to=npz", "--out=b"], "there is no file or folder none.zip"),
        (["merge", "a.zip", "b.zip"], "--out is missing"),
        (["merge", "a.zip", "--out=c.zip"], "at least two bundles"),
        (["merge", "a.zip", "b.zip", "--out=c.zip"], "there is no file or folder a.zip"),
        (["evaluate"], "evaluate needs a bundle first"),
        (["evaluate", "--data=x", "a.zip"], "evaluate needs a bundle first"),
        (["evaluate", "none.zip"], "there is no file or folder none.zip"),
    ],
)
def test_mistakes(argv, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["share", *argv]) == 2
    said = capsys.readouterr().err
    assert said.startswith("medjax: ") and message in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["pack", "export", "merge", "evaluate"])
def test_help(command, capsys):
    assert main(["share", command, "--help"]) == 0
    assert f"python -m medjax.share {command}" in capsys.readouterr().out
