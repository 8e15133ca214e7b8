"""The report stands alone, escapes what it is given, and says what it must."""

import base64
import io
import pathlib
import re
import tomllib

import numpy as np
import pytest
from PIL import Image

from medjax.errors import UserError
from medjax.run.report import write_report

HISTORY = [
    {"step": 100, "loss": 12.3},
    {"step": 200, "loss": 8.0},
    {"step": 200, "val_auroc": 0.9, "val_auroc_std": 0.01},
    {"step": 300, "loss": None},
    {"step": 400, "loss": 7.0, "val_auroc": 0.91, "val_auroc_std": None},
]


@pytest.fixture
def render(tmp_path, page_of):
    def render(summary, images=None, labels=None, history=HISTORY):
        images = np.full((4, 8, 8, 1), 0.5) if images is None else images
        labels = np.array([0, 0, 1, 1]) if labels is None else labels
        path = tmp_path / "report.html"
        write_report(path, summary, images=images, labels=labels, history=history)
        source = path.read_text(encoding="utf-8")
        return source, page_of(source)

    return render


def test_the_first_paragraph_says_what_is_wrong_with_the_data(summary, render):
    source, _ = render(summary)
    assert source.partition("<p")[2].startswith(' class="lead">A network trained')
    summary["data"]["warnings"] = ["leakage: <b>", "1 image with more than one label"]
    source, page = render(summary)
    first = source.partition("<p")[2].partition("</p>")[0]
    assert "Leakage: &lt;b&gt;. 1 image with more than one label." in first
    assert page.text.count("more than one label") == 1  # not in the table of facts too


def test_says_what_it_must(summary, render):
    _, page = render(summary)
    for text in (
        "dm · pneumoniamnist · 10 images per class · seed 0",
        "A network trained on these 20 images reaches AUROC 0.92 (±0.01) on the test images",
        "What they may reveal about a patient was not measured here.",
        "84.2 ± 1.0",
        "k-center real images",
        "IOR +8.2",
        "loss",
        "validation AUROC",
        "train 4,708, val 524, test 624",
        "28209eda62fe",
        "CC BY 4.0",
        'np.load("synthetic.npz")',
        "1 × Some CPU",
        "10 min 12 s",
        "abc123",
        '"epochs": 300',
    ):
        assert text in page.text, text
    assert len(page.of("svg")) == 2


def test_decisions_and_probabilities_have_a_table_of_their_own(summary, render):
    _, page = render(summary)
    tables = len(page.of("table"))
    assert "Decisions and probabilities" not in page.text
    entry = {"mean": 0.0625, "std": 0.01, "n": 5}
    summary["test"] |= {"ece": entry, "brier": entry, "balanced_accuracy_tuned": entry}
    _, page = render(summary)
    assert len(page.of("table")) == tables + 1
    results, own = page.text.split("Decisions and probabilities")[:2]
    for name in (
        "calibration error (ECE)",
        "Brier score",
        "balanced accuracy at val's threshold %",
    ):
        assert name in own and name not in results
    assert "0.062 ± 0.010" in own and "6.2 ± 1.0" in own and "AUROC: 1 is perfect" in own


def test_learners_have_a_table_and_a_sentence(summary, render):
    _, before = render(summary)
    assert "Other learners" not in before.text
    gap = {"metric": "auroc", "mean": -0.01, "low": None, "high": None, "n": 1}
    two = {"set": {"test": summary["test"]}, "random": {"test": summary["baselines"]["kcenter"]}}
    summary["learners"] = {"knn": {**two, "difference": gap, "verdict": "cannot tell"}}
    source, page = render(summary)
    assert len(page.of("table")) == len(before.of("table")) + 1 and source.count('"own"') == 1
    own = page.text.split("Other learners")[1].split("Course of the run")[0]
    for text in ("random images, knn", "84.2 ± 1.0", "0.850 ± 0.010", "one draw cannot tell with"):
        assert text in own, text


def test_the_interval_over_images_is_below_an_auroc(summary, render):
    summary["test"]["auroc"]["image_interval"] = [0.8991, 0.943]
    source, page = render(summary)
    assert '0.921 ± 0.010<div class="soft">0.899–0.943</div></td>' in source
    assert page.text.count("0.899–0.943") == 1 and "An AUROC has two spreads" in page.text


def test_it_says_how_to_load_what_is_there(summary, render):
    _, page = render(summary)
    assert 'file["mean"]' in page.text
    assert "zca_matrix" not in page.text and "step_size" not in page.text
    _, page = render(summary | {"step_size": 0.02, "data": summary["data"] | {"zca": "mtt"}})
    assert 'file["mean"]' not in page.text
    assert "zca_matrix" in page.text and 'file["step_size"]' in page.text


def test_loads_nothing_from_outside(summary, render):
    source, page = render(summary)
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base"}
        for name, value in attributes.items():
            if name in {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}:
                inside = tag == "use" and f'id="{value.removeprefix("#")}"' in source
                assert value.startswith("data:image/png;base64,") or inside
    (style,) = re.findall("<style>(.*?)</style>", source, re.DOTALL)
    assert "url(" not in style and "@import" not in style
    policy = page.of("meta")[-1]
    assert policy["content"].startswith("default-src 'none'; img-src data:")


def test_text_is_escaped(summary, render):
    attack = "<script>alert('x')</script>\"&"
    summary |= {"method": attack, "dataset": attack, "config": {attack: attack}, "init": attack}
    summary["data"] |= {"classes": [attack, "b"], "source": attack, "licence": attack}
    summary["versions"] = {attack: attack}
    summary["test"] |= {attack: {"mean": 0.5, "std": 0.1, "n": 5}}
    source, page = render(summary)
    assert "<script" not in source
    assert page.of("script") == [] and page.of("img")[0]["alt"] == f"{attack}, image 1"


def test_real_start_warns(summary, render):
    _, page = render(summary | {"init": "real"})
    assert "must not leave the site without a privacy audit" in page.text


def test_images_are_shown_by_class(summary, render):
    images = np.zeros((3, 8, 8, 3))
    images[1, ..., 0] = 1.0  # red
    _, page = render(summary, images, np.array([1, 0, 1]))
    shown = page.of("img")
    assert [image["alt"] for image in shown] == [
        "normal, image 1",
        "pneumonia, image 1",
        "pneumonia, image 2",
    ]
    content = base64.b64decode(shown[0]["src"].partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (8, 8) and picture.getpixel((0, 0)) == (255, 0, 0)


def test_many_or_large_images_do_not_swell_the_page(summary, render):
    images = np.random.default_rng(0).random((60, 256, 256, 1))
    source, page = render(summary, images, np.zeros(60, int))
    assert len(page.of("img")) == 50 and "50 of 60 shown" in page.text
    assert len(source) < 2e6


def test_rows_of_labels_are_named_by_their_findings(summary, render):
    summary["data"]["classes"] = ["mass", "nodule"]
    rows = np.array([[1, 1], [0, 0], [0, 1], [1, 1]])
    _, page = render(summary, labels=rows)
    names = [image["alt"].rpartition(",")[0] for image in page.of("img")]
    assert names == ["mass, nodule", "mass, nodule", "no finding", "nodule"]


def test_a_file_that_is_not_the_official_one_is_marked(summary, render):
    assert "not the official one" not in render(summary)[1].text
    summary["data"]["official_digest"] = "other"
    assert "not the official one" in render(summary)[1].text


def test_a_run_that_measured_nothing(summary, render):
    bare = {name: summary[name] for name in ("method", "dataset", "ipc", "seed", "num_images")}
    _, page = render(bare, history=[])
    assert page.of("svg") == [] and "Results" not in page.text
    assert "class 0" in page.text and "not measured here" in page.text


def test_numpy_values_and_nan(summary, render):
    summary["test"]["auroc"]["mean"] = np.float32("nan")
    summary |= {"ior": np.float64(1.0), "num_images": np.int64(20)}
    source, _ = render(summary)
    assert "nan" not in source.lower().replace("finance", "")


def test_same_run_same_bytes(summary, render):
    assert render(summary)[0] == render(summary)[0]


def test_a_built_package_holds_templates_and_schemas():
    root = pathlib.Path(__file__).resolve().parents[3]
    tool = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    data = [*(root / "medjax").rglob("*.jinja"), *(root / "medjax").rglob("*.json")]
    shipped = [
        (root / package.replace(".", "/")).glob(pattern)
        for package, patterns in tool["package-data"].items()
        for pattern in patterns
    ]
    needed = {*data, root / "medjax" / "py.typed"}
    assert data and needed == {path for paths in shipped for path in paths}


def test_unwritable(summary, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_report(
            tmp_path / "file" / "report.html",
            summary,
            images=np.zeros((1, 8, 8, 1)),
            labels=np.array([0]),
            history=[],
        )
