"""Croissant, as its own library reads it."""

import json
import logging
import zipfile

import pytest

from medjax import share


@pytest.mark.parametrize("kind", ["site", "findings"])
def test_fields_and_digests(kind, request, tmp_path):
    share.pack(request.getfixturevalue(kind)(), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        found = json.loads(file.read("croissant.json"))
        sums = dict(
            line.split("  ")[::-1] for line in file.read("SHA256SUMS").decode().splitlines()
        )
    files = [x for x in found["distribution"] if x["@type"] == "cr:FileObject"]
    assert {x["@id"]: x["sha256"] for x in files}.items() <= sums.items() and len(files) == 4
    assert "http://mlcommons.org/croissant/RAI/1.0" in found["conformsTo"]
    assert "rai:personalSensitiveInformation" in found and "datePublished" not in found


@pytest.mark.filterwarnings("ignore")  # of pandas and rdflib
@pytest.mark.parametrize("kind", ["site", "findings"])
def test_mlcroissant_reads_the_records(kind, request, tmp_path, caplog):
    mlc = pytest.importorskip("mlcroissant", reason="needs mlcroissant, the extra [loaders]")
    share.pack(request.getfixturevalue(kind)(), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        file.extractall(tmp_path / "a")
    with caplog.at_level(logging.WARNING):
        dataset = mlc.Dataset(jsonld=str(tmp_path / "a" / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    images, labels = (list(dataset.records(name)) for name in ("images", "labels"))
    names = {row["images/file_name"] for row in images}
    assert names == {row["labels/column_0"] for row in labels} and len(names) == len(labels)
    assert images[0]["images/image"].size == (5, 6)
