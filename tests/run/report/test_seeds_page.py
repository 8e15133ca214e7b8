"""The report over seeds: words with intervals, two tables, a picture of each seed."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from medjax.data import SharedSet
from medjax.run.report import write_seeds_report


def make_set(labels, side=8):
    labels = np.asarray(labels)
    images = np.full((len(labels), side, side, 1), 0.5, np.float32)
    return SharedSet(images, labels, np.zeros(1, np.float32), np.ones(1, np.float32))


@pytest.fixture
def render(tmp_path, page_of):
    def render(summary, sets=None):
        sets = sets or [make_set([0, 0, 1, 1]) for _ in summary["seeds"]]
        write_seeds_report(tmp_path / "report.html", summary, sets=sets)
        source = (tmp_path / "report.html").read_text(encoding="utf-8")
        return source, page_of(source)

    return render


def test_says_what_it_must(seeds_summary, render):
    source, page = render(seeds_summary)
    assert source.partition("<p")[2].startswith(' class="lead">A network trained on the 20 images')
    for text in (
        "dm · pneumoniamnist · 10 images per class · seeds 0, 1, 2, 3, 4",
        "the distilled set beats random real images by 8.2 points (95 % interval 3.1 to 13.3)",
        "is below the whole training set by 5.1 points (95 % interval 2.2 to 8.0)",
        "What they may reveal about a patient was not measured here.",
        "84.2 [82.2, 86.2]",
        "+8.2 [+3.1, +13.3]",
        "not shown",
        "is below",
        "The standard deviation of balanced accuracy between seeds is 2.1 points",
        "seed_4/report.html",
        'np.load("seed_0/synthetic.npz")',
        "train 4,708, val 524, test 624",
        "1 × Some CPU",
        "10 min 12 s",
        "abc123",
        '"epochs": 300',
    ):
        assert text in page.text, text
    assert page.text.count("28209eda62fe") == 2  # the digest and the official one, once
    assert [image["alt"] for image in page.of("img")] == [f"images of seed {i}" for i in range(5)]


def test_one_seed_says_that_it_cannot_tell(seeds_summary, render):
    gap = {"mean": 0.08, "interval": [None, None], "n": 1, "verdict": "cannot tell"}
    seeds_summary |= {"seeds": [3], "seed_runs": ["seed_3"]}
    seeds_summary["differences"] = {"random": {"balanced_accuracy": gap}}
    _, page = render(seeds_summary)
    assert "One seed cannot tell whether a difference is more than chance." in page.text
    assert "cannot tell" in page.text and "beats random" not in page.text


def test_decisions_and_probabilities_have_a_table_of_their_own(seeds_summary, render):
    _, page = render(seeds_summary)
    tables = len(page.of("table"))
    assert "Decisions and probabilities" not in page.text
    seeds_summary["test"]["ece"] = {"mean": 0.0625, "interval": [0.05, 0.075], "n": 5}
    _, page = render(seeds_summary)
    results, own = page.text.split("Decisions and probabilities")
    assert len(page.of("table")) == tables + 1
    assert "calibration error (ECE)" not in results and "0.062 [0.050, 0.075]" in own


def test_learners_have_a_table_and_a_sentence(seeds_summary, render):
    _, before = render(seeds_summary)
    assert "Other learners" not in before.text
    gap = {"metric": "auroc", "mean": 0.05, "low": 0.03, "high": 0.07, "n": 5}
    sides = {"set": seeds_summary["test"], "random": seeds_summary["baselines"]["kcenter"]}
    sides = {side: {"test": scores} for side, scores in sides.items()}
    seeds_summary["learners"] = {"knn": {**sides, "difference": gap, "verdict": "beats"}}
    source, page = render(seeds_summary)
    assert len(page.of("table")) == len(before.of("table")) + 1 and source.count('"own"') == 1
    own = page.text.split("Other learners")[1].split("The synthetic images")[0]
    for text in ("random images, knn", "0.921 [0.901, 0.941]", "interval over 5 seeds"):
        assert text in own, text


def test_pictures_stay_small(seeds_summary, render):
    rng = np.random.default_rng(0)
    large = make_set(np.repeat(np.arange(9), 50), side=64)
    large = large._replace(images=rng.random(large.images.shape, np.float32))
    source, page = render(seeds_summary, [large] * 5)
    content = base64.b64decode(page.of("img")[0]["src"].partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) == 420
    assert len(source) < 1.5e6


def test_rows_of_labels_are_shown(seeds_summary, render):
    _, page = render(seeds_summary, [make_set(np.ones((60, 3), np.int32))] * 5)
    content = base64.b64decode(page.of("img")[0]["src"].partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size[0] > picture.size[1]  # fifty of them, ten in a row


def test_soft_labels_are_shown_class_by_class(seeds_summary, render):
    soft = np.repeat(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), 60, axis=0)
    seeds_summary |= {"labels": "learned"}
    _, page = render(seeds_summary, [make_set(soft)] * 5)
    content = base64.b64decode(page.of("img")[0]["src"].partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size[0] > 4 * picture.size[1]  # ten of each of two classes


def test_devices_and_versions_that_differ_are_all_named(seeds_summary, render):
    kinds = ("Some CPU", "Other CPU")
    seeds_summary["device"] = [{"platform": "cpu", "kind": kind, "count": 1} for kind in kinds]
    seeds_summary["versions"] = [{"jax": "0.10.2"}, {"jax": "0.11.0"}]
    _, page = render(seeds_summary)
    assert "1 × Some CPU; 1 × Other CPU" in page.text and "0.10.2; 0.11.0" in page.text


def test_text_is_escaped(seeds_summary, render):
    attack = "<script>alert('x')</script>"
    seeds_summary |= {"dataset": attack, "seed_runs": [attack] * 5}
    source, _ = render(seeds_summary)
    assert "<script" not in source


def test_a_learned_step_size_is_loaded(seeds_summary, render):
    assert "step_size" not in render(seeds_summary)[1].text
    assert 'file["step_size"]' in render(seeds_summary | {"step_size": [0.02] * 5})[1].text


def test_little_measured(seeds_summary, render):
    seeds_summary |= {"test": None, "baselines": None, "differences": {}}
    _, page = render(seeds_summary)
    assert "Results" not in page.text and "Differences" not in page.text
