"""Bundles of finished runs: the same bytes, and nothing of the site in them."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from medjax import share
from medjax.errors import UserError
from medjax.share import archive
from medjax.share.bundle.finished import read_run
from medjax.share.bundle.packing import names_to_show

ENTRIES = ["README.md", "card.json", "croissant.json", "medmnist.npz", "preview.png"]
ENTRIES += ["synthetic.npz", "train/benign/0000.png", "train/benign/0001.png"]
ENTRIES += ["train/malignant/0000.png", "train/malignant/0001.png", "train/metadata.csv"]


def test_what_is_inside(site, tmp_path):
    workdir = site()
    card = share.pack(workdir, tmp_path / "a.zip", title="Moles", licence="CC BY 4.0")
    entries = archive.read(tmp_path / "a.zip")
    assert list(entries) == ENTRIES and share.verify(tmp_path / "a.zip").ok
    assert json.loads(entries["card.json"]) == card and card["title"] == "Moles"
    assert entries["synthetic.npz"] == (workdir / "synthetic.npz").read_bytes()


@pytest.mark.parametrize("kind", ["site", "findings"])
def test_no_byte_tells_of_the_site(kind, request, secrets, tmp_path):
    workdir = request.getfixturevalue(kind)()
    share.pack(workdir, tmp_path / "a.zip")
    whole = (tmp_path / "a.zip").read_bytes()
    assert b"left/right shift" in whole or kind == "site"  # the texts are searched as they are
    words = [
        *secrets,
        str(tmp_path),
        "drsmith",
        "scans_of",
        '"seed"',
        "80431977",
        "0123456789abcdef",
        "commit",
    ]
    for word in words:
        for form in (word, word[::-1], word.upper()):
            for encoded in (form.encode(), form.encode("utf-16-le"), form.encode("utf-32-le")):
                assert encoded not in whole, word
    texts = b"".join(
        x for n, x in archive.read(tmp_path / "a.zip").items() if n.endswith(("md", "json"))
    )
    assert not re.search(rb"20\d\d-\d\d|\d\d:\d\d", texts)


def test_packed_twice(site, tmp_path):
    workdir = site()
    for name in ("a.zip", "b.zip"):
        share.pack(workdir, tmp_path / name)
    first = (tmp_path / "a.zip").read_bytes()
    assert (tmp_path / "b.zip").read_bytes() == first
    code = f"from medjax import share; share.pack({str(workdir)!r}, {str(tmp_path / 'c.zip')!r})"
    env = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "HOME": "/nowhere", "JAX_PLATFORMS": "cpu"}
    env["PYTHONPATH"] = ":".join(sys.path)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "c.zip").read_bytes() == first


def test_the_bytes_are_those_of_every_machine_and_python(site, tmp_path):
    """A page or a card that says something else has another digest, to be put here."""
    share.pack(site(), tmp_path / "a.zip")
    found = share.verify(tmp_path / "a.zip").digest
    assert found == "313ec0478c38d512508d0e4dc97ecfba034ae7612a2811d3d0c3e8d55c3b1653"


def test_a_path_in_the_title_or_in_a_verdict(site, audited, secrets, tmp_path):
    with pytest.raises(UserError, match=r"would hold '.*drsmith.*', which must not leave"):
        share.pack(site(), tmp_path / "a.zip", title=f"from {secrets[0]}/{secrets[1]}")
    workdir = audited(site(init="real"), verdict=[f"see {secrets[3]}"])
    with pytest.raises(UserError, match=r"jones_anna_1951\.dcm"):
        share.pack(workdir, tmp_path / "a.zip", allow_real_init=True)
    assert not (tmp_path / "a.zip").exists()


def test_an_audits_scores_stay_unless_published(site, audited, tmp_path):
    attack = {"name": "tracing", "group": "", "members": 40, "others": 38, "auc": 0.53}
    attack |= {"interval": [0.41, 0.65]}
    attacks = [{**attack, "roc": [[0, 0], [1, 1]], "rates": []}]
    workdir = audited(site(init="real"), attacks=attacks)
    card = share.pack(workdir, tmp_path / "a.zip", allow_real_init=True)
    assert card["privacy"] == {
        "real_start": True,
        "marks": ["its images started from real images, which they may still show"],
        "audit": {"verdict": "Nothing was found with 4 runs.", "scores": None},
        "differential_privacy": False,
    }
    audited(workdir, attacks=attacks, publish=True)
    card = share.pack(workdir, tmp_path / "a.zip", allow_real_init=True)
    (score,) = card["privacy"]["audit"]["scores"]
    assert score == {"attack": attack.pop("name"), **attack}
    assert (
        "tracing: AUC 0.530 [0.410, 0.650], 40 members, 38 others"
        in archive.read(tmp_path / "a.zip")["README.md"].decode()
    )


def test_names_of_classes_are_shown_unless_they_are_public(site):
    assert names_to_show(read_run(site())) == ["benign", "malignant"]
    assert names_to_show(read_run(site(name="pneumoniamnist"))) == []


def test_a_public_set_is_named(site, tmp_path):
    card = share.pack(site(name="pneumoniamnist", dataset="pneumoniamnist"), tmp_path / "a.zip")
    assert (card["data"]["name"], card["data"]["size"]) == ("pneumoniamnist", 28)
    assert card["data"]["digest"] is not None and card["title"] == "pneumoniamnist, distilled by dm"


def test_soft_labels_and_colours(site, audited, tmp_path):
    rows = np.float32([[0.75, 0.25], [1, 0], [0.25, 0.75], [0, 1]])
    workdir = audited(site(rows=rows, labels="teacher", shape=(6, 5, 3)))
    card = share.pack(workdir, tmp_path / "a.zip", allow_real_init=True)
    assert card["images"]["labels"] == "probabilities" and card["images"]["channels"] == 3
    assert card["training"]["recipe"]["soft_labels"] is True
    np.testing.assert_array_equal(share.load(tmp_path / "a.zip").labels, rows)


def test_a_file_in_the_place_of_a_public_one_is_the_sites_own(site, tmp_path):
    workdir = site(name="pneumoniamnist")
    path = workdir / "summary.json"
    summary = json.loads(path.read_text())
    for official, public in (("f" * 32, None), (summary["data"]["digest"], "pneumoniamnist")):
        summary["data"]["official_digest"] = official
        path.write_text(json.dumps(summary))
        card = share.pack(workdir, tmp_path / "a.zip")
        assert card["data"]["name"] == public
        assert bool(names_to_show(read_run(workdir))) == (public is None)


def test_labels_of_no_class(site, tmp_path):
    with pytest.raises(UserError, match="its labels go from 0 to 5, but it has 2 classes"):
        share.pack(site(rows=(0, 0, 1, 5)), tmp_path / "a.zip")


@pytest.mark.parametrize("what", ["title", "licence"])
@pytest.mark.parametrize("text", ["two\nlines", "x" * 201, "\x1b[2J"])
def test_a_text_of_the_user_is_one_line(site, tmp_path, what, text):
    with pytest.raises(UserError, match=f"a {what} is one line of at most 200 characters"):
        share.pack(site(), tmp_path / "a.zip", **{what: text})
    assert not (tmp_path / "a.zip").exists()
