"""The kind ``sites`` from its config to its rows: a table gives one site less than all classes."""

import importlib.util
import json
import pathlib
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.study.jobs.kinds import kind_of
from medjax.study.jobs.performing import folder_in, perform, read_record, rows_of
from medjax.study.sites.listing import make_grid

CONFIG = pathlib.Path(__file__).resolve().parents[3] / "configs" / "sites.py"
WORDS = (
    "net.width=4,net.depth=1,distill.batch_real=8,iterations=4,evaluation.epochs=2,"
    "evaluation.whole_steps=4,evaluation.batch_size=16,evaluation.networks=2,"
    "evaluation.augment=none,distill.augment=crop,rounds=2,ipc=2,seeds=1"
)


class Found(NamedTuple):
    """What the rows say of a way."""

    images: int
    sent: int
    seconds: float
    scores: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def get_config():
    spec = importlib.util.spec_from_file_location("config_sites", CONFIG)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config


@pytest.fixture(scope="module")
def done(get_config, three, places, tmp_path_factory):
    """The folder of a finished job, and its rows."""
    workdir = tmp_path_factory.mktemp("study")
    table = workdir / "sites.csv"
    table.write_text("\n".join(["site", *(["big", "small"][place] for place in places)]))
    arg = f"{three},split=column,table={table},{WORDS}"
    (job,) = make_grid(get_config(arg).to_dict()).jobs
    assert job.dataset == f"{three}/column_site" and kind_of(job.kind).seconds(job) > 0
    assert perform(job, workdir)
    folder = folder_in(workdir, job)
    return folder, rows_of(read_record(folder))


@pytest.fixture(scope="module")
def found(done):
    ways: dict[str, Found] = {}
    for row in done[1]:
        own = ways.setdefault(row.method, Found(row.images, row.bytes, row.seconds, {}))
        assert own[:3] == (row.images, row.bytes, row.seconds)
        own.scores.setdefault(row.split, {})[row.metric] = row
    return {name.removeprefix("sites/"): way for name, way in ways.items()}


def test_the_union_has_the_images_of_both(found):
    """Two of each of three classes, and two and the only one of two classes."""
    assert found["distilled_union"].images == found["random_union"].images == 9
    assert found["distilled_alone_big"].images == 6
    assert found["distilled_alone_small"].images == 3
    assert found["central"].images == found["fedavg_2"].images == 48


def test_every_way_has_the_scores_of_its_networks(found):
    kinds = [f"{kind}_{x}" for kind in ("distilled", "whole") for x in ("best", "alone")]
    single = [f"{kind}_alone_{x}" for kind in ("distilled", "whole") for x in ("big", "small")]
    unions = ["ensemble", "fedavg_1", "fedavg_2", "central", "random_union", "distilled_union"]
    assert set(found) == {*kinds, *single, *unions}
    for name, way in found.items():
        assert way.seconds > 0 and set(way.scores) == {"val", "test"}
        count = 4 if name.endswith("alone") else 2
        for metrics in way.scores.values():
            assert [len(metrics[x].values) for x in metrics] == [count] * 3
            assert set(metrics) == {"accuracy", "balanced_accuracy", "auroc"}


def test_alone_is_the_mean_of_the_sites_and_the_best_is_so_on_val(found):
    for kind in ("distilled", "whole"):
        alone = [found[f"{kind}_alone_{name}"] for name in ("big", "small")]
        values = [x.scores["test"]["auroc"].values for x in alone]
        mean = found[f"{kind}_alone"].scores["test"]["auroc"]
        assert mean.values == sum(values, ()) and np.isclose(mean.mean, np.mean(values))
        best = max(alone, key=lambda x: (x.scores["val"]["auroc"].mean, x.images))
        values = found[f"{kind}_best"].scores["test"]["auroc"].values
        assert values == best.scores["test"]["auroc"].values


def test_bytes_are_those_of_what_is_sent(experiment, found):
    moments = 2 * (2 * 4 + 8)
    net, image = experiment.net, np.zeros((1, 8, 8, 1), np.float32)
    leaves = jax.tree.leaves(jax.eval_shape(net.init, jax.random.key(0), image))
    model = sum(leaf.size for leaf in leaves) * 4
    expected = {
        "distilled_union": 9 * (64 * 4 + 4) + moments,
        "random_union": 9 * (64 + 4) + moments,
        "ensemble": 2 * model + moments,
        "fedavg_1": 2 * model + moments,
        "fedavg_2": 4 * model + moments,
        "central": 48 * (64 + 4),
        "whole_alone": 0,
        "distilled_best": 0,
    }
    assert {name: found[name].sent for name in expected} == expected


def test_the_sites_are_described_beside_the_rows(done):
    big, small = json.loads((done[0] / "sites.json").read_text())
    assert (big["name"], big["images"], small["images"]) == ("big", 37, 11)
    assert small["classes"] == {"0": 10, "1": 1, "2": 0}
    assert big["mean"] != small["mean"]


# Repacking real files changes their digest.
@pytest.mark.filterwarnings("ignore:.* is not the published")
@pytest.mark.parametrize(
    ("arg", "title"),
    [
        ("mednist,quick", "mednist/dirichlet_5_0.6 · sites · ipc 10 · seed 0"),
        (
            "pneumoniamnist,split=statistics,sites=4,quick,seeds=5",
            "pneumoniamnist/statistics_4 · sites · ipc 10 · seed 0",
        ),
    ],
)
def test_the_named_studies_can_be_listed(get_config, arg, title, request):
    config = get_config(arg).to_dict()
    root = request.getfixturevalue("real_data_root")
    if not (root / "mednist_28_derived.npz").is_file():
        pytest.skip(f"needs mednist_28_derived.npz in {root}")
    jobs = make_grid(config).jobs
    assert jobs[0].title == title and len({job.name for job in jobs}) == config["seeds"][0]
    assert jobs[0].settings["run"]["distill.init"] == "noise"


def test_all_that_decides_a_split_is_in_the_name(get_config, three):
    def name(*words):
        return make_grid(get_config(",".join([str(three), *words])).to_dict()).jobs[0].name

    usual = name("sites=2")
    assert usual == name("sites=2")
    for word in ("sites=3", "beta=0.3", "split=iid", "rounds=3", "net.width=8", "method=dc"):
        assert name(*({"sites=2", word} if word != "sites=3" else {word})) != usual, word


@pytest.mark.parametrize(
    ("arg", "said"),
    [
        ("mednist", "sites divide one data set, got .*three.npz, mednist"),
        ("site=3", r"unknown setting of the study 'site' \(did you mean 'sites'\?\)"),
        ("sites=many", "sites takes a whole number, got 'many'"),
        ("sites=2,sites=3", "sites is given twice, as 2 and as 3"),
        ("sites=5000,split=iid", "images are too few for 5000 sites"),
        ("iterations=-5", "iterations must be at least 1, got -5"),
        ("sites=0", "sites must be at least 1, got 0"),
        ("split=skew", "unknown split 'skew'; choose from: dirichlet, iid, statistics, column"),
        ("split=column", "split=column and table=PATH need each other"),
        ("method=dmm", r"unknown method 'dmm' \(did you mean 'dm'\?\)"),
        ("net.widht=3", r"unknown config key 'net.widht' \(did you mean 'net.width'\?\)"),
        ("split=column,table=none.csv", "cannot read none.csv: No such file or directory"),
    ],
)
def test_mistakes_in_the_words(get_config, three, arg, said):
    with pytest.raises(UserError, match=said):
        make_grid(get_config(f"{three},{arg}").to_dict())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("method=mtt", "method mtt needs experts, which are not trained for parts of a set"),
        ("data.prepare=zca(mtt)", "parts of a set are normalised by mean and std"),
        ("evaluation.labels=teacher", "distilled with evaluation.labels=hard only"),
    ],
)
def test_what_sites_cannot_do_is_said_before_any_job(get_config, three, words, said):
    with pytest.raises(UserError, match=said):
        make_grid(get_config(f"tiny,{three},sites=2,{words}").to_dict())


def test_a_set_with_findings_or_another_table_is_refused_before_any_job(
    get_config, three, tmp_path
):
    with pytest.raises(UserError, match="phantom_findings has findings; sites and transfer"):
        make_grid(get_config("tiny,phantom_findings,sites=2").to_dict())
    (tmp_path / "sites.csv").write_text("site\nnorth\n")
    arg = f"tiny,{three},split=column,table={tmp_path / 'sites.csv'}"
    with pytest.raises(UserError, match=r"sites\.csv has 1 row, but there are"):
        make_grid(get_config(arg).to_dict())
    with pytest.raises(UserError, match=r"unknown column of .*sites\.csv 'hospital'"):
        make_grid(get_config(f"{arg},column=hospital").to_dict())
