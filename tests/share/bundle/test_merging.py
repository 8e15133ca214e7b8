"""Sets of several sites as one: labels by names, each site's images by its own statistics."""

import json

import numpy as np
import pytest

from medjax import data, share
from medjax.errors import UserError
from medjax.share import archive
from medjax.share.bundle.merging import merged, pooled
from medjax.share.card_text import card_lines


@pytest.fixture
def packed(site, tmp_path):
    """``packed("a", …)`` packs a run of a site."""

    def pack(name, *, audit=None, **changes):
        workdir = site(**changes)
        if audit:
            audit(workdir)
        share.pack(workdir, tmp_path / f"{name}.zip", title=name, allow_real_init=True)
        return tmp_path / f"{name}.zip"

    return pack


def counted(train):
    return {"counts": {"train": train, "val": 0, "test": 5}}


def test_statistics_are_those_of_all_pixels():
    rng = np.random.default_rng(0)
    sets = [rng.integers(0, 256, (n, 4, 4, 3)).astype(np.uint8) // (n % 3 + 1) for n in (5, 7, 3)]
    mean, std = pooled([(*data.channel_stats(x), len(x)) for x in sets])
    wanted = data.channel_stats(np.concatenate(sets))
    np.testing.assert_allclose(mean, wanted[0], rtol=1e-6)
    np.testing.assert_allclose(std, wanted[1], rtol=1e-6)


def test_each_site_keeps_its_normalisation(packed, tmp_path):
    paths = [
        packed("a"),
        packed("b", classes=("Malignant", "benign"), stats=(np.float32([0.7]), np.float32([0.1]))),
    ]
    card = share.merge(paths, tmp_path / "all.zip")
    found, parts = share.load(tmp_path / "all.zip"), [share.load(path) for path in paths]
    wanted = np.concatenate([part.images for part in parts])
    np.testing.assert_allclose(found.images, wanted, atol=2e-5)
    assert found.labels.tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    assert card["data"]["classes"] == ["benign", "malignant"] and card["scores"] is None
    assert card["data"]["counts"]["train"] == 200
    assert [part["mean"] for part in card["merged_from"]] == [[np.float32(x)] for x in (0.4, 0.7)]
    shared = share.read_bundle(tmp_path / "all.zip").shared
    np.testing.assert_allclose(shared.mean, [0.55], rtol=1e-6)
    np.testing.assert_allclose(shared.std, [np.sqrt((0.04 + 0.01) / 2 + 0.15**2)], rtol=1e-6)
    page = archive.read(tmp_path / "all.zip")["README.md"].decode()
    assert "| b | dm | noise | 4 | 100 |" in page and "Nobody has scored this set" in page


def test_a_merged_bundle_merges(packed, tmp_path):
    share.merge([packed("a"), packed("b")], tmp_path / "two.zip", title="two")
    card = share.merge([tmp_path / "two.zip", packed("c")], tmp_path / "three.zip")
    assert [part["title"] for part in card["merged_from"]] == ["a", "b", "c"]
    assert card["images"]["count"] == 12 and card["data"]["counts"]["train"] == 300


def test_what_is_known_of_privacy_is_that_of_the_worst(packed, audited, tmp_path):
    paths = [packed("a"), packed("b", audit=audited, init="real")]
    card = share.merge(paths, tmp_path / "all.zip")
    assert card["privacy"] == {
        "real_start": True,
        "marks": ["b: its images started from real images, which they may still show"],
        "audit": {
            "verdict": "b: Nothing was found with 4 runs. Of 1 of its 2 parts no audit was done.",
            "scores": None,
        },
        "differential_privacy": False,
    }
    assert card["method"]["start"] == "several"
    entries = archive.read(tmp_path / "all.zip")
    assert b"**Some of the images started from real images of patients.**" in entries["README.md"]
    said = json.loads(entries["croissant.json"])["rai:personalSensitiveInformation"]
    assert said.startswith("Some of the images started from real images of patients. B: its images")
    assert "privacy: some of the images started from real images of patients" in card_lines(card)


def test_columns_of_findings_follow_their_names(findings, tmp_path):
    share.pack(findings(), tmp_path / "a.zip")
    bundle = share.read_bundle(tmp_path / "a.zip")
    order = [2, 0, 1]
    turned = [bundle.classes[i] for i in order]
    card = {**bundle.card, "data": {**bundle.card["data"], "classes": turned}}
    other = share.Bundle(card, bundle.shared._replace(labels=bundle.shared.labels[:, order]))
    shared, _ = merged([bundle, other])
    np.testing.assert_array_equal(shared.labels[:3], shared.labels[3:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (5, 6, 1)}, "different sizes of images: 6×5×1 and 5×6×1"),
        ({"shape": (6, 5, 3)}, "different sizes of images: 6×5×1 and 6×5×3"),
        ({"preparation": "resize(6)|clahe"}, "different preparations: resize"),
        ({"task": "ordinal-regression"}, "different tasks: binary-class and ordinal-regression"),
        (
            {"classes": ("benign", "cancer")},
            "different classes: benign, malignant and benign, cancer",
        ),
    ],
)
def test_sets_that_do_not_fit(packed, tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        share.merge([packed("a"), packed("b", **changes)], tmp_path / "all.zip")
    assert not (tmp_path / "all.zip").exists()


def test_one_bundle_is_not_merged(packed, tmp_path):
    with pytest.raises(UserError, match="at least two bundles"):
        share.merge([packed("a")], tmp_path / "all.zip")


def test_a_site_counts_once(packed, tmp_path):
    one = packed("a")
    (tmp_path / "copy.zip").write_bytes(one.read_bytes())
    with pytest.raises(UserError, match=r"a\.zip and .*copy\.zip hold the same images"):
        share.merge([one, packed("b"), tmp_path / "copy.zip"], tmp_path / "all.zip")
    with pytest.raises(UserError, match=r"a\.zip and .*a\.zip hold the same images"):
        share.merge([one, one], tmp_path / "all.zip")
    share.merge([one, packed("c")], tmp_path / "two.zip")
    with pytest.raises(UserError, match=r"two\.zip and .*a\.zip hold the same images"):
        share.merge([tmp_path / "two.zip", one], tmp_path / "all.zip")


def test_audits_of_parts_with_one_title_are_told_apart(site, audited, tmp_path):
    for name in "ab":
        workdir = site()
        audited(workdir)
        share.pack(workdir, tmp_path / f"{name}.zip", title="Cells")
    card = share.merge([tmp_path / "a.zip", tmp_path / "b.zip"], tmp_path / "all.zip")
    said = card["privacy"]["audit"]["verdict"]
    assert "Cells (part 1): Nothing" in said and "Cells (part 2): Nothing" in said


def test_verdicts_and_licences_of_several_parts_have_room(site, audited, tmp_path):
    """A verdict of a deep audit has about 1,600 characters."""
    paths = [tmp_path / f"{name}.zip" for name in "abc"]
    for path in paths:
        workdir = site()
        audited(workdir, verdict=[path.stem * 1_600])
        share.pack(workdir, path, title=path.stem, licence=path.stem * 150)
    card = share.merge(paths, tmp_path / "all.zip")
    assert all(f"{x}: {x * 1_600}" in card["privacy"]["audit"]["verdict"] for x in "abc")
    assert card["data"]["licence"] == "; ".join(x * 150 for x in "abc")
    assert share.verify(tmp_path / "all.zip").ok


def test_no_part_is_replaced(packed, tmp_path):
    paths = [packed("a"), packed("b")]
    before = [path.read_bytes() for path in paths]
    with pytest.raises(UserError, match="is one of the bundles to merge"):
        share.merge(paths, paths[1])
    assert [path.read_bytes() for path in paths] == before


def test_classes_that_differ_in_case_alone(packed, tmp_path):
    paths = [packed(name, classes=("Mole", "mole")) for name in ("a", "b")]
    with pytest.raises(UserError, match=r"a\.zip has two classes whose names differ in case"):
        share.merge(paths, tmp_path / "all.zip")
