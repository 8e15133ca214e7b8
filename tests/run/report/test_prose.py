import numpy as np
import pytest

from medjax.run.report import prose


def test_findings_of_a_good_run(summary):
    assert prose.findings(summary) == [
        "A network trained on these 20 images reaches AUROC 0.92 (±0.01) on the test images; "
        "trained on 20 random real images, it reaches 0.87 (±0.03); "
        "trained on all 4,708 training images, it reaches 0.95 (±0.004).",
        "In balanced accuracy, the synthetic images are 8.2 points above random real images and "
        "5.1 points below the whole training set. This is one distilled set, so the differences "
        "may be due to chance.",
    ]


def test_the_best_of_some_random_subsets_is_compared_too(summary):
    summary |= {"ior_selected": -1.0, "baseline_facts": {"random_selected": {"draws": 4}}}
    assert (
        "8.2 points above random real images, 1.0 points below the best on val of 4 random "
        "subsets and 5.1 points below the whole"
    ) in prose.findings(summary)[1]


def test_findings_name_metrics_that_disagree(summary):
    assert len(prose.findings(summary)) == 2
    summary["test"]["auroc"]["mean"] = 0.96
    (line,) = prose.findings(summary)[2:]
    assert line.startswith(
        "AUROC and balanced accuracy disagree: the synthetic images are better than all images in "
        "AUROC only. "
    )
    summary["test"]["auroc"]["mean"] = 0.85
    (line,) = prose.findings(summary)[2:]
    assert "are better than random images in balanced accuracy only. " in line


def test_findings_of_a_bad_run_say_so(summary):
    summary |= {"ior": -3.0, "hlr": -0.5, "select_by": "balanced_accuracy"}
    first, second = prose.findings(summary)
    assert "reaches balanced accuracy 84.2 % (±1.0) on the test images" in first
    assert "3.0 points below random real images and 0.5 points above the whole" in second


def test_findings_with_little_measured(summary):
    assert prose.findings({"num_images": 20}) == []
    summary["test"]["auroc"] = {"mean": None, "std": None, "n": 5}
    summary |= {"baselines": None, "ior": None, "hlr": None}
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


def test_notes_without_val_or_with_one_network(summary):
    summary |= {"val": None, "test": {"auroc": {"mean": 0.9, "std": 0.0, "n": 1}}}
    notes = prose.notes(summary)
    assert notes[0] == "There were no validation images, so no step could be selected."
    assert (
        notes[-1] == "Each value comes from a single network, so differences may be due to chance."
    )


@pytest.mark.parametrize("init", ["real", "herding", "kcenter", "coreset", "noise", "x", None])
def test_privacy_is_never_claimed(init):
    text, real = prose.privacy(init), init in ("real", "herding", "kcenter")
    assert ("must not leave the site without a privacy audit" in text) == real
    assert text.endswith("They must not leave the site.") == (init == "coreset")
    assert ("not measured here" in text) == (not real and init != "coreset")
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
