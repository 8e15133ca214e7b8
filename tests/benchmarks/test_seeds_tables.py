"""Tables over seeds: what is compared with what, and what counts as better."""

import importlib

import numpy as np
import pytest

from medjax import evaluate


@pytest.fixture
def tables():
    return importlib.import_module("seeds_tables")


def scores(*means):
    """Scores of one network for each seed, the same for both metrics."""
    interval = evaluate.mean_interval(means)
    entry = {"mean": interval.mean, "interval": [interval.low, interval.high]}
    return dict.fromkeys(("auroc", "balanced_accuracy"), entry | {"values": [[m] for m in means]})


def run(method, test, *, selected=(0.70, 0.72, 0.71), seeds=(0, 1, 2), dataset="x"):
    baselines = {"random": scores(0.60, 0.63, 0.61), "random_selected": scores(*selected)}
    baselines |= {"kcenter": scores(0.5, 0.5, 0.5), "whole": scores(0.90, 0.91, 0.92)}
    time = {"distill_s": 12.0 * len(seeds), "select_s": 1.0}
    facts = {"random_selected": {"draws": 1 if method == "herding" else 4}}
    return {"method": method, "dataset": dataset, "ipc": 10, "test": scores(*test),
            "seeds": [*seeds], "baselines": baselines, "baseline_facts": facts,
            "time": time}  # fmt: skip


def test_rows_and_their_order(tables):
    runs = [run("mtt", (0.8, 0.8, 0.8)), run("dm", (0.8, 0.8, 0.8)), run("herding", (0.7,) * 3)]
    (grouped,) = tables.by_data(runs).values()
    names = [one.name for one in tables.sets_of(grouped)]
    assert names == ["random", "best random", "k-center", "HERDING", "DM", "MTT", "all images"]


def test_a_method_is_compared_with_the_baselines_of_its_own_recipe(tables):
    sets = tables.sets_of([run("dm", (0.8,) * 3), run("dc", (0.8,) * 3, selected=(0.9, 0.92, 0.9))])
    verdicts = {
        one.name: tables.difference(one.scores, one.baselines["random_selected"], "auroc")
        for one in sets
        if one.name in ("DM", "DC")
    }
    assert (verdicts["DM"]["verdict"], verdicts["DC"]["verdict"]) == ("beats", "is below")


def test_herding_is_compared_with_the_baselines_of_the_first_method(tables):
    alone = run("herding", (0.7,) * 3, selected=(0.1,) * 3)
    first = run("dm", (0.8,) * 3)
    herding = {one.name: one for one in tables.sets_of([alone, first])}["HERDING"]
    assert herding.baselines == first["baselines"] and herding.draws == 4
    other = run("dm", (0.8,) * 3, seeds=(4, 5, 6))
    herding = {one.name: one for one in tables.sets_of([alone, other])}["HERDING"]
    assert herding.baselines == alone["baselines"] and herding.draws == 1


def test_sizes_are_apart(tables):
    sizes = [run("dm", (0.8,) * 3) | {"ipc": ipc} for ipc in (1, 10)]
    assert list(tables.by_data(sizes)) == ["x, ipc 1", "x, ipc 10"]


def test_differences_are_paired_by_seed(tables):
    ours, theirs = np.array([0.80, 0.90, 0.85]), np.array([0.79, 0.88, 0.84])
    found = tables.difference(scores(*ours), scores(*theirs), "auroc")
    expected = evaluate.mean_interval(ours - theirs)
    assert found["mean"] == pytest.approx(expected.mean)
    assert found["interval"] == pytest.approx([expected.low, expected.high])
    assert found["verdict"] == evaluate.verdict(expected) == "not shown"


def test_the_scores(tables):
    lines = tables.scores_markdown(tables.sets_of([run("dm", (0.80, 0.82, 0.80))])).splitlines()
    assert lines[0] == (
        "| | AUROC | minus best random | balanced accuracy | minus best random | best random of "
        "| distilling |"
    )
    assert lines[3] == (
        "| best random | 0.710 [0.685, 0.735] |  | 71.0 [68.5, 73.5] |  |  |  |"
    )  # fmt: skip
    assert lines[5] == (
        "| DM | 0.807 [0.778, 0.835] | beats +0.097 [+0.082, +0.111] "
        "| 80.7 [77.8, 83.5] | beats +9.7 [+8.2, +11.1] | 4 | 12 s |"
    )
    assert lines[6].startswith("| all images | 0.910 [0.885, 0.935] |  |")


def test_methods_are_compared_with_dm_of_the_same_seeds(tables):
    runs = [run("dm", (0.80, 0.82, 0.80)), run("auto", (0.85, 0.88, 0.85))]
    runs += [run("mtt", (0.80,) * 3, seeds=(4, 5, 6)), run("herding", (0.7, 0.72, 0.7))]
    lines = tables.methods_markdown(tables.sets_of(runs)).splitlines()
    assert lines[0] == "| | AUROC, minus DM | balanced accuracy, minus DM |"
    assert lines[2] == "| AUTO | beats +0.053 [+0.039, +0.068] | beats +5.3 [+3.9, +6.8] |"
    assert [line.split(" ")[1] for line in lines[2:]] == ["AUTO", "HERDING"]
    patches = run("dm", (0.80, 0.84, 0.81)) | {"num_images": 10, "num_decoded": 40}
    head, _, *rows = tables.methods_markdown(tables.sets_of([*runs[:2], patches])).splitlines()
    assert head.endswith("| AUROC, minus DM, 4 patches | balanced accuracy, minus DM, 4 patches |")
    assert [row.split(" | ")[0] for row in rows] == ["| DM", "| AUTO", "| DM, 4 patches"]
    assert rows[0].startswith("| DM |  |  | ") and rows[2].endswith(" |  |  |")
    assert rows[1].split(" | ")[3].startswith("beats +0.043 [")
    assert tables.methods_markdown(tables.sets_of(runs[1:])) == ""
    assert tables.methods_markdown(tables.sets_of(runs[:1])) == ""


def test_the_verdict_counts_data_sets(tables):
    runs = [
        run("dm", (0.80, 0.82, 0.80), dataset="a"),
        run("dm", (0.70, 0.69, 0.75), dataset="b"),
        run("dm", (0.60, 0.62, 0.60), dataset="c"),
    ]
    data = {name: tables.sets_of(own) for name, own in tables.by_data(runs).items()}
    lines = tables.verdicts_markdown(data).splitlines()
    (dm,) = (line for line in lines if line.startswith("| DM "))
    assert dm == "| DM | 2 of 3 | 1 of 3, below on 1 | 2 of 3 | 1 of 3, below on 1 |"
    (random,) = (line for line in lines if line.startswith("| random "))
    assert random == "| random |  | 0 of 3, below on 3 |  | 0 of 3, below on 3 |"
    assert not any(line.startswith("| all images") for line in lines)


def test_what_many_comparisons_leave(tables):
    gaps = [(0.1, 0.12, 0.11), (0.03, 0.01, 0.021), (0.02, -0.02, 0.01), (0.02, 0.02, 0.02)]
    runs = [
        run("dm", np.add((0.70, 0.72, 0.71), gap), dataset=str(number))
        for number, gap in enumerate(gaps)
    ]
    data = {name: tables.sets_of(own) for name, own in tables.by_data(runs).items()}
    # p is .003, .082, .81 and, of equal differences, none; four times .003 is below .05.
    assert tables.discoveries(data, "auroc") == (4, 1, 1)
    many = data | {f"{i}": data["2, ipc 10"] for i in range(20)}
    assert tables.discoveries(many, "auroc") == (24, 1, 0)
    assert tables.discoveries({}, "auroc") == (0, 0, 0)


def test_what_is_unusual_about_images_is_in_the_name(tables):
    patches = {"num_images": 20, "num_decoded": 80}
    made = run("idm", (0.8,) * 3) | patches | {"labels": "teacher"}
    assert tables.name_of(made) == "IDM, 4 patches, teacher labels"
    assert tables.name_of(made | {"num_decoded": 20, "labels": "hard"}) == "IDM"


def test_patches_are_compared_with_random_images_as_patches(tables):
    stores = run("idm", (0.75, 0.76, 0.77)) | {"num_images": 20, "num_decoded": 80}
    mixed = {"random_mixed": scores(0.7, 0.7, 0.7), "random_mixed_selected": scores(0.8, 0.8, 0.8)}
    stores["baselines"] |= mixed
    sets = tables.sets_of([run("dm", (0.8,) * 3), stores])
    assert [one.name for one in sets][2:4] == ["random, as patches", "best random, as patches"]
    lines = tables.verdicts_markdown({"x": sets}).splitlines()
    assert lines[0].split(" | ")[3] == "AUROC, best random, as patches"
    (idm,) = (line for line in lines if line.startswith("| IDM"))
    assert idm.split(" | ")[1:4] == ["1 of 1", "1 of 1", "0 of 1, below on 1"]
    (dm,) = (line for line in lines if line.startswith("| DM"))
    assert dm.split(" | ")[3] == ""


def test_peak_memory_where_it_was_measured(tables):
    measured = run("dm", (0.8,) * 3) | {"plan": {"peak_mib": 812.4}}
    assert tables.cost_of(measured) == "12 s, 812 MiB"


def test_seconds_that_include_selection_are_not_shown(tables):
    assert tables.cost_of(run("dm", (0.8,) * 3) | {"time": {"distill_s": 12.0}}) == ""
