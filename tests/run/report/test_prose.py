import numpy as np
import pytest

from medjax.run.report import prose


def test_findings_of_a_good_run(summary):
    assert prose.findings(summary) == [
        "A network trained on these 20 images reaches AUROC 0.92 (±0.01) on the test images; "
        "trained on 20 random real images, it reaches 0.87 (±0.03); "
        "trained on all 4,708 training images, it reaches 0.95 (±0.004).",
        "In balanced accuracy, the distilled set is 8.2 points above random real images and "
        "5.1 points below the whole training set.",
        "One seed cannot tell whether a difference is more than chance.",
    ]


def test_findings_over_seeds_give_intervals_and_what_they_show(seeds_summary):
    assert prose.findings(seeds_summary) == [
        "A network trained on the 20 images of a seed (5 seeds) reaches AUROC 0.92 (95 % interval "
        "0.90 to 0.94) on the test images; trained on 20 random real images, it reaches 0.87 (95 % "
        "interval 0.85 to 0.89); trained on all 4,708 training images, it reaches 0.95 (95 % "
        "interval 0.93 to 0.97).",
        "In balanced accuracy, the distilled set beats random real images by 8.2 points (95 % "
        "interval 3.1 to 13.3) and is below the whole training set by 5.1 points (95 % interval "
        "2.2 to 8.0).",
        "A difference from the best on val of 12 random subsets (+1.0 points, 95 % interval -2.0 "
        "to +4.0) is not shown.",
    ]


def test_findings_of_a_bad_run_say_so(summary):
    summary["differences"]["random"]["balanced_accuracy"]["mean"] = -0.03
    summary["differences"]["random"]["auroc"]["mean"] = -0.03
    summary["select_by"] = "balanced_accuracy"
    first, second, _ = prose.findings(summary)
    assert "reaches balanced accuracy 84.2 % (±1.0) on the test images" in first
    assert "is 3.0 points below random real images and 5.1 points below the whole" in second


def test_findings_with_little_measured(summary):
    assert prose.findings({"num_images": 20}) == []
    summary["test"]["auroc"] = {"mean": None, "std": None, "n": 5}
    summary |= {"baselines": None, "differences": {}}
    assert prose.findings(summary) == [
        "A network trained on these 20 images reaches balanced accuracy 84.2 % (±1.0) on the test "
        "images."
    ]


def test_notes(summary):
    notes = prose.notes(summary)
    assert "outer step 600, the best on the validation images by AUROC" in notes[0]
    assert "IOR +8.2 (distilled minus random), HLR +5.1 (whole" in notes[1]
    assert notes[-1].startswith("Values are means ± standard deviations over 5 networks")


def test_classes_with_fewer_training_images_than_synthetic_ones(summary):
    said = "random and k-center are all that it has"
    assert said not in " ".join(prose.notes(summary | {"baseline_ipc": [10, 10]}))
    summary["baseline_ipc"] = [10, 3]
    assert "trained on 13 random real images" in prose.findings(summary)[0]
    (line,) = [line for line in prose.notes(summary) if said in line]
    assert "synthetic ones of pneumonia (3 for 10): random" in line
    summary |= {"ipc": [4, 8, 5], "baseline_ipc": [2, 8, 1]}
    (line,) = [line for line in prose.notes(summary) if said in line]
    assert "synthetic ones of normal (2 for 4), no finding (1 for 5): random" in line


def test_classes_that_are_not_scored(summary):
    assert "There is no image of" not in " ".join(prose.notes(summary | {"absent_classes": {}}))
    summary["absent_classes"] = {"test": ["normal"]}
    assert "There is no image of normal in test, so the scores on it say nothing about it." in (
        prose.notes(summary)
    )
    lines = ["test has no image of: normal", "train has no image of: mass"]
    summary["data"] = {**(summary.get("data") or {}), "warnings": lines}
    assert prose.warnings(summary) == ["Train has no image of: mass."]


def test_notes_over_seeds(seeds_summary):
    notes = prose.notes(seeds_summary)
    assert "images of each seed are those of outer steps 600, 300, 600, 900, 1,200, the" in notes[0]
    assert notes[-4].startswith("Values are means over 5 seeds with 95 % intervals [low, high]")
    assert notes[-1] == (
        "The standard deviation of balanced accuracy between seeds is 2.1 points, between networks "
        "of one seed 1.0 points."
    )
    seeds_summary["test"] = {"auroc": {"mean": 0.9, "interval": [None, None], "n": 1}}
    assert prose.notes(seeds_summary)[-1].startswith("Values are means over the networks of one")


def test_notes_without_val_or_with_one_network(summary):
    summary |= {"val": None, "test": {"auroc": {"mean": 0.9, "std": 0.0, "n": 1}}}
    notes = prose.notes(summary)
    assert notes[0] == "There were no validation images, so no step could be selected."
    assert (
        notes[-1] == "Each value comes from a single network, so differences may be due to chance."
    )


@pytest.mark.parametrize(
    "init", ["real", "herding", "kcenter", "coreset", "crops", "noise", "x", None]
)
def test_privacy_is_never_claimed(init):
    text, real = prose.privacy(init), init in ("real", "herding", "kcenter")
    assert ("must not leave the site without a privacy audit" in text) == real
    assert text.endswith("They must not leave the site.") == (init in ("coreset", "crops"))
    assert ("not measured here" in text) == (not real and init not in ("coreset", "crops"))
    assert not {"anonymous", "private", "safe", "anonymised"} & set(text.lower().split())


def test_class_name():
    names = ["mass", "edema"]
    assert prose.class_name(np.int32(5), names) == "class 5"
    assert prose.class_name(np.array([0.4, 0.6, 0.9]), names) == "edema, class 2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.96, "1 min 0 s"), (3599.7, "1 h 0 min"), (86399.0, "23 h 59 min")],
)
def test_duration(seconds, text):
    assert prose.duration(seconds) == text


@pytest.mark.parametrize("init", ["noise", "real", "coreset"])
def test_what_a_whitening_gives_away_is_said(init):
    assert "mean of all real training images" in prose.privacy(init, zca="mtt")
    assert "whitening" not in prose.privacy(init)


def test_warnings_are_sentences_and_patients_are_a_note(summary):
    assert prose.warnings(summary) == prose.warnings({}) == []
    assert not any("splits" in note for note in prose.notes(summary))
    summary["data"] |= {
        "warnings": ["leakage: 1 image in both splits of train–test", "train repeats 2 images"],
        "patients": "patients stay whole: 7/1/2 patients in train/val/test",
    }
    assert prose.warnings(summary) == [
        "Leakage: 1 image in both splits of train–test.",
        "Train repeats 2 images.",
    ]
    note = "About the splits: patients stay whole: 7/1/2 patients in train/val/test."
    assert note in prose.notes(summary)


def test_both_spreads_of_an_auroc_are_told(summary):
    summary["test"]["auroc"]["image_interval"] = [0.9, 0.938]
    summary["baselines"]["whole"]["auroc"]["image_interval"] = [0.93, 0.97]
    assert (
        "reaches AUROC 0.92 (±0.01 over networks; 0.90–0.94 over test images) on the test images; "
        "trained on 20 random real images, it reaches 0.87 (±0.03); "
        "trained on all 4,708 training images, it reaches 0.95 (±0.004; 0.93–0.97)."
    ) in prose.findings(summary)[0]
    summary["test"]["auroc"] |= {"n": 1, "std": 0.0}
    assert "reaches AUROC 0.92 (0.90–0.94 over test images) on" in prose.findings(summary)[0]
    assert (
        "balanced accuracy 84.2 % (±1.0) on"
        in (prose.findings(summary | {"select_by": "balanced_accuracy"})[0])
    )


def test_networks_that_diverged_are_a_note(summary):
    summary["baselines"]["whole"]["auroc"]["diverged"] = 1
    line = "Networks that diverged count as guessing: 1 of 5 of whole training set."
    assert line in prose.notes(summary)
