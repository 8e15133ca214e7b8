"""The page of a bundle."""

import re

import pytest
import yaml

from medjax import share
from medjax.share import archive
from medjax.share.bundle import readme


def page_of(path):
    text = archive.read(path)["README.md"].decode()
    _, front, page = text.split("---\n", 2)
    return yaml.safe_load(front), page


def test_front_matter_of_hugging_face(site, tmp_path):
    share.pack(site(), tmp_path / "a.zip", title='Dr. "Mole": a|b', licence="CC BY 4.0")
    front, page = page_of(tmp_path / "a.zip")
    assert front["pretty_name"] == 'Dr. "Mole": a|b' and front["license"] == "cc-by-4.0"
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "train/**"}]
    assert '# Dr. "Mole": a\\|b\n' in page


@pytest.mark.parametrize("word", ["private", "anonymous", "safe", "anonymised"])
def test_words_that_nobody_can_vouch_for(site, findings, audited, tmp_path, word):
    for workdir in (site(), findings(), audited(site(init="real"))):
        share.pack(workdir, tmp_path / "a.zip", allow_real_init=True)
        for name, content in archive.read(tmp_path / "a.zip").items():
            if name.endswith((".md", ".json", ".csv")):
                assert word not in re.findall("[a-z]+", content.decode().lower()), name


def test_what_it_says(site, audited, tmp_path):
    share.pack(site(), tmp_path / "a.zip")
    _, page = page_of(tmp_path / "a.zip")
    for part in (
        "4 synthetic images, 6×5, grey",
        "| images per class | 2 |",
        "| 1 | malignant |",
        "`resize(size=6, keep_aspect=pad)|normalize(mode=per_channel)`",
        "| 0 | 0.400000 | 0.200000 |",
        "| these images | 80.0 ± 2.0 | 80.0 ± 2.0 | 0.800 ± 0.020 |",
        "| random real images | 70.0 ± 2.0 |",
        "| balanced accuracy (%) | accuracy (%) | AUROC |",
        "started from noise",
        "No audit was done",
        "| licence | not stated |",
    ):
        assert part in page, part
    share.pack(audited(site(init="real")), tmp_path / "b.zip", allow_real_init=True)
    _, page = page_of(tmp_path / "b.zip")
    assert "**The images started from real images of patients.**" in page
    assert "Nothing was found with 4 runs." in page and "No audit was done" not in page


def test_markdown_in_names():
    assert readme.escaped("<b>[x](y)|`") == "\\<b\\>\\[x\\](y)\\|\\`"
