"""The kind ``transfer`` from its config to its rows."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest

from medjax.data import DatasetInfo
from medjax.errors import UserError
from medjax.study.jobs.kinds import kind_of
from medjax.study.jobs.performing import folder_in, perform, read_record, rows_of
from medjax.study.transfer.listing import make_grid

CONFIG = pathlib.Path(__file__).resolve().parents[3] / "configs" / "transfer.py"
WORDS = "data.prepare=,net.width=4,net.depth=1,distill.batch_real=8,evaluation.batch_size=16"
METRICS = {"accuracy", "balanced_accuracy", "auroc"}


@pytest.fixture(scope="module")
def get_config():
    spec = importlib.util.spec_from_file_location("config_transfer", CONFIG)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config


def write(path, *, sides, bright, count):
    """Three classes of stripes; the third one has no partner, and sides and brightness differ."""
    rng, arrays = np.random.default_rng(0), {}
    for split in ("train", "val", "test"):
        labels = (np.arange(count) % 3).astype(np.uint8)
        rows, columns = np.indices((sides, sides)) * 4 // sides % 2
        images = bright + 60 * np.stack([rows, columns, rows ^ columns])[labels]
        images = images + rng.integers(0, 40, images.shape)
        arrays |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": labels}
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return (
        write(folder / "ours.npz", sides=8, bright=20, count=30),
        write(folder / "theirs.npz", sides=12, bright=140, count=24),
    )


def arg(sets, *words):
    source, target = sets
    return ",".join(["tiny", f"source={source}", f"target={target}", *words, WORDS])


@pytest.mark.filterwarnings("ignore:classes of the .* without a partner:UserWarning")
def test_from_the_config_to_the_rows(get_config, sets, tmp_path):
    (job,) = make_grid(get_config(arg(sets, "classes='0=1,1=0'")).to_dict()).jobs
    assert job.dataset == f"{sets[0]}->{sets[1]}" and kind_of(job.kind).seconds(job) > 0
    assert perform(job, tmp_path)
    rows = rows_of(read_record(folder_in(tmp_path, job)))
    names = [f"{name}{place}" for name in ("distilled", "random", "whole") for place in PLACES]
    names += ["target", "target_source_moments"]
    assert {row.method for row in rows} == {f"transfer/{name}" for name in names}
    for row in rows:
        assert row.metric in METRICS and row.n == 2 and row.seconds > 0
    costs = {row.method: (row.images, row.bytes) for row in rows}
    assert costs["transfer/distilled"] == (2, 2 * (64 * 4 + 4) + 16)
    assert costs["transfer/random_at_home"] == (2, 2 * (64 + 4) + 16)
    assert costs["transfer/whole_source_moments"] == (20, 20 * (64 + 4))
    assert costs["transfer/target"] == (16, 0)
    ours, theirs = json.loads((folder_in(tmp_path, job) / "transfer.json").read_text())
    assert ours["classes"] == theirs["classes"] == ["0", "1"]
    assert theirs["images"] == {"train": 16, "val": 16, "test": 16}
    assert theirs["mean"][0] > ours["mean"][0] + 0.3


PLACES = ("", "_source_moments", "_at_home")


@pytest.mark.filterwarnings("ignore:classes of the .* without a partner:UserWarning")
@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("phantoms", "phantom->phantom_bedside · transfer · ipc 10 · seed 0"),
        ("mednist_chest,target=phantom", "mednist->phantom · transfer · ipc 10 · seed 0"),
    ],
)
def test_the_named_pairs(get_config, words, title, monkeypatch):
    monkeypatch.setattr("medjax.study.transfer.listing.facts_of", lambda _: FACTS)
    config = get_config(f"{words},quick").to_dict()
    assert make_grid(config).jobs[0].title == title
    if words.startswith("mednist"):
        assert config["classes"] == (("2", "CXR"), ("3", "ChestCT"))
        assert config["words_for"]["mednist"] == "data.name=mednist_28_derived"


class FACTS:
    """Facts of no data set in particular."""

    digest, class_sizes, images, pixels = "1f", (5, 5), 10, 784
    classes = ("0", "2", "3", "CXR", "ChestCT")
    info = DatasetInfo("a", "multi-class", classes, "unknown", "a.npz", "", None, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pneumonia", "target is missing: the set to score on, as in target=folder:chest"),
        ("phantms", r"unknown pair of data sets 'phantms' \(did you mean 'phantoms'\?\)"),
        ("phantoms,pneumonia", "transfer takes one pair of data sets, got phantoms, pneumonia"),
        ("phantoms,classes=3", "classes takes pairs, as in '0=2,1=0', got 3"),
        ("phantoms,seeds=0", "seeds must be at least 1, got 0"),
        ("phantoms,traget=x", r"unknown setting of the study 'traget' \(did you mean 'target'"),
    ],
)
def test_mistakes_in_the_words(get_config, words, said):
    with pytest.raises(UserError, match=said):
        get_config(words)


def test_findings_are_refused(get_config, sets, tmp_path):
    with np.load(sets[0]) as archive:
        arrays = dict(archive)
    rows = {
        k: np.array([[1, 0], [1, 1], [0, 1]], np.uint8)[v]
        for k, v in arrays.items()
        if "labels" in k
    }
    np.savez(tmp_path / "rows.npz", **arrays | rows)
    words = arg((sets[0], tmp_path / "rows.npz"))
    with pytest.raises(UserError, match=r"rows.* has findings; sites and transfer need"):
        make_grid(get_config(words).to_dict())


def test_classes_that_a_set_has_not_are_refused_before_any_job(get_config, sets):
    with pytest.raises(UserError, match="unknown class of the source 'effusion'"):
        make_grid(get_config(arg(sets, "classes='effusion=0'")).to_dict())


@pytest.mark.filterwarnings("ignore:classes of the .* without a partner:UserWarning")
def test_a_set_transfers_to_itself_as_it_is_at_home(get_config, sets, tmp_path):
    (job,) = make_grid(get_config(arg((sets[0], sets[0]), "classes='0=0,1=1'")).to_dict()).jobs
    assert perform(job, tmp_path)
    found = {}
    for row in rows_of(read_record(folder_in(tmp_path, job))):
        found.setdefault(row.method.removeprefix("transfer/"), []).append(row.values)
    for name in ("distilled", "random", "whole"):
        assert found[name] == found[f"{name}_source_moments"] == found[f"{name}_at_home"]
    assert found["target"] == found["target_source_moments"] == found["whole"]
