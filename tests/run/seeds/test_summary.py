"""What is summarised over seeds, and how."""

import pytest

from medjax.run.seeds.summary import summarise_seeds


def run(seed, *values, random=(0.5, 0.5), **changed):
    def scores(values):
        mean = sum(values) / len(values)
        return {"auroc": {"mean": mean, "std": 0.0, "n": len(values), "values": list(values)}}

    return {
        "method": "dm",
        "seed": seed,
        "selected_step": 10 * seed,
        "test": scores(values),
        "val": None,
        "baselines": {"random": scores(random)},
        "baseline_facts": {"random_selected": {"draws": 4, "draw": seed}},
        "time": {"distill_s": 1.5, "total_s": 2.0},
        "device": {"kind": "A"},
        "config": {"seed": seed, "ipc": 10},
        "versions": {"jax": "1"},
        **changed,
    }


def summarise(*runs):
    named = {f"seed_{one['seed']}": one for one in runs}
    return summarise_seeds(named, seed=0, seeds=(len(runs),))


def test_seeds_and_networks_are_told_apart():
    found = summarise(run(0, 0.80, 0.82), run(1, 0.90, 0.92), run(2, 0.85, 0.87))
    auroc = found["test"]["auroc"]
    assert auroc["mean"] == pytest.approx(0.86)
    assert auroc["between_seed_std"] == pytest.approx(0.049, abs=5e-4)
    assert auroc["between_network_std"] == pytest.approx(0.0141, abs=5e-5)
    assert auroc["interval"] == pytest.approx([0.736, 0.984], abs=5e-4)  # 4.303 · 0.05/√3
    assert auroc["n"] == 3 and auroc["values"] == [[0.80, 0.82], [0.90, 0.92], [0.85, 0.87]]
    assert found["val"] is None and found["baselines_val"] is None
    assert found["selected_step"] == [0, 10, 20]
    assert found["time"] == {"distill_s": 4.5, "total_s": 6.0}
    assert found["baseline_facts"] == {"random_selected": {"draws": 4}}
    assert found["config"] == {"seed": 0, "ipc": 10, "seeds": [3]}
    assert found["differences"]["random"]["auroc"]["verdict"] == "beats"


def judged(ours, theirs):
    """What a run has of a learner: one score with its set, two draws of random images."""

    def scores(*values):
        mean = sum(values) / len(values)
        return {
            "test": {"auroc": {"mean": mean, "std": 0.0, "n": len(values), "values": [*values]}}
        }

    gap = {"metric": "auroc", "mean": 9.0, "low": 9.0, "high": 9.0, "n": 2}
    sides = {"set": scores(ours), "random": scores(theirs - 0.01, theirs + 0.01)}
    return {"learners": {"knn": {**sides, "difference": gap, "verdict": "beats"}}}


def test_a_learner_is_compared_seed_by_seed():
    pairs = [(0.80, 0.70), (0.90, 0.81), (0.85, 0.74)]
    runs = [run(seed, 0.8, **judged(*pair)) for seed, pair in enumerate(pairs)]
    found = summarise(*runs)["learners"]["knn"]
    assert found["set"]["test"]["auroc"]["mean"] == pytest.approx(0.85)
    assert found["random"]["test"]["auroc"]["values"][1] == pytest.approx([0.80, 0.82])
    gap = found["difference"]
    assert (gap["metric"], gap["n"], found["verdict"]) == ("auroc", 3, "beats")
    ends = [0.0752, 0.1248]  # 0.10 ± 4.303 · 0.01/√3
    assert [gap[x] for x in ("mean", "low", "high")] == pytest.approx([0.10, *ends], abs=1e-4)
    assert summarise(runs[0])["learners"]["knn"]["verdict"] == "cannot tell"


def test_learners_are_there_only_if_all_runs_have_them():
    assert "learners" not in summarise(run(0, 0.8), run(1, 0.9))
    assert "learners" not in summarise(run(0, 0.8, **judged(0.8, 0.7)), run(1, 0.9))


def test_networks_that_diverged_are_added_up():
    one, two, older = (run(seed, 0.8, 0.5) for seed in range(3))
    one["test"]["auroc"]["diverged"], two["test"]["auroc"]["diverged"] = 1, 0
    assert summarise(one, two, older)["test"]["auroc"]["diverged"] == 1


def test_runs_that_list_no_networks_are_summarised_by_their_means():
    older = run(1, 0.90)
    del older["test"]["auroc"]["values"]
    auroc = summarise(run(0, 0.80, 0.82), older)["test"]["auroc"]
    assert auroc["values"] == [[0.81], [0.9]]
    assert auroc["between_network_std"] is None and auroc["n"] == 2


def test_a_baseline_that_one_run_lacks_is_absent():
    assert summarise(run(0, 0.8), run(1, 0.9, baselines={}))["baselines"] == {}


def test_devices_and_versions_are_listed_if_they_differ():
    found = summarise(run(0, 0.8), run(1, 0.9, device={"kind": "B"}), run(2, 0.9))
    assert found["device"] == [{"kind": "A"}, {"kind": "B"}]
    assert found["versions"] == {"jax": "1"}
