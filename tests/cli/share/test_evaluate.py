"""``medjax share evaluate`` on the bundle of a tiny run: the card's scores again."""

import json
import warnings

import numpy as np
import pytest

from medjax import share
from medjax.cli.share import evaluate, main
from medjax.run import config, distill
from medjax.share import archive
from medjax.share.bundle import contents

# The settings of tests/run/conftest.py, whose programs are compiled once for both.
TINY = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=4,log_every=1,"
    "evaluation.every=2,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.select_networks=2,evaluation.augment=none,mesh.devices=1,"
    "distill.augment=crop_flip,distill.init=noise"
)


@pytest.fixture(autouse=True)
def _same_warnings(monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)


@pytest.fixture(scope="module")
def bundle(striped, tmp_path_factory):
    """The bundle of a finished run on an npz of two classes without names."""
    folder = tmp_path_factory.mktemp("site")
    settings = config.make("dm", "phantom", f"{TINY},{striped / 'set.npz'}").to_dict()
    distill.distill(settings, folder / "run")
    share.pack(folder / "run", folder / "a.zip")
    return folder / "a.zip"


def evaluated(capsys, path, *more):
    assert main(["share", "evaluate", str(path), *more]) == 0
    said = capsys.readouterr()
    return said.out + said.err, json.loads(
        path.with_name(f"{path.stem}_evaluation.json").read_text()
    )


def test_a_real_run_is_packed_as_its_card_says(bundle):
    card = share.read_bundle(bundle).card
    summary = json.loads((bundle.parent / "run" / "summary.json").read_text())
    assert card["training"]["network"] == "convnet:width=4:depth=1"
    assert card["data"]["counts"] == {"train": 40, "val": 20, "test": 20}
    for name, score in card["scores"]["set"].items():
        assert score.items() <= summary["test"][name].items()


def test_it_reproduces_the_card(bundle, striped, capsys):
    said, found = evaluated(capsys, bundle, f"--data={striped / 'set.npz'}")
    (network,) = found["results"]
    card = share.read_bundle(bundle).card
    assert network == card["training"]["network"] and found["recipe"]["epochs"] == 2
    for metric in ("accuracy", "balanced_accuracy", "auroc"):
        wanted = card["scores"]["set"][metric]
        score = found["results"][network]["test"][metric]
        assert score["n"] == wanted["n"] == 2
        assert abs(score["mean"] - wanted["mean"]) <= max(wanted["std"], 1e-6)
    assert said.count("the same") == 3 and "not on these" in said


def test_from_eight_bits_too(bundle, striped, capsys):
    said, _ = evaluated(capsys, bundle, f"--data={striped / 'set.npz'}", "--eight_bit")
    assert said.count("; the card says ") == 3
    lines = [line for line in said.splitlines() if "; the card says" in line]
    assert all(line.endswith(("within its spread", "the same")) for line in lines), said


def test_a_merged_set(bundle, striped, tmp_path, capsys):
    one = share.read_bundle(bundle)
    other = one.shared._replace(images=one.shared.images + np.float32(0.01))
    archive.write(tmp_path / "b.zip", contents.entries(other, one.card))
    share.merge([bundle, tmp_path / "b.zip"], tmp_path / "both.zip")
    said, found = evaluated(capsys, tmp_path / "both.zip", f"--data={striped / 'set.npz'}")
    assert "The card has no scores" in said and found["num_images"] == 8


def test_labels_are_matched_by_the_names_of_classes(bundle, striped, tmp_path, capsys):
    with np.load(striped / "set.npz") as real:
        names = {k: np.array(["lung", "heart"])[v] for k, v in real.items() if "labels" in k}
        np.savez(tmp_path / "named.npz", **{**real, **names})
    for classes in (["lung", "heart"], ["lung", "liver"]):
        entries = archive.read(bundle)
        card = json.loads(entries["card.json"])
        card["data"]["classes"] = classes
        archive.write(
            tmp_path / f"{classes[1]}.zip", {**entries, "card.json": json.dumps(card).encode()}
        )
    said, _ = evaluated(capsys, tmp_path / "heart.zip", f"--data={tmp_path / 'named.npz'}")
    assert "0 = lung, 1 = heart, and become 0 = heart, 1 = lung" in said
    argv = ["share", "evaluate", f"{tmp_path / 'liver.zip'}", f"--data={tmp_path / 'named.npz'}"]
    assert main(argv) == 2
    assert "is of the classes lung, liver by its card, but those of" in capsys.readouterr().err


def test_what_a_card_says_beside_other_scores():
    card = {"scores": {"set": {"auroc": {"mean": 0.8, "std": 0.02, "n": 5}}}}
    card |= {"training": {"network": "net"}, "data": {"name": None}}
    scores = {"test": {"auroc": {"mean": 0.7, "std": 0.0, "n": 1}}}
    found = {"data": {"name": "x"}, "results": {"net": scores}}
    lines = list(evaluate.compared(card, found))
    assert lines[0] == "AUROC 0.700; the card says 0.800 ± 0.020: -0.100, more than its spread"
    assert list(evaluate.compared(card, found | {"results": {"mlp": scores}})) == []
