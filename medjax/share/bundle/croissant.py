"""``croissant.json``: a bundle in the format Croissant of MLCommons, with responsible-AI fields.

Croissant 1.0 (Akhtar et al., "Croissant: A Metadata Format for ML-Ready Datasets", NeurIPS 2024),
its vocabulary for responsible AI, and the files of the bundle with their digests.
"""

import csv
import hashlib
import json
from collections.abc import Mapping
from typing import Any

_TABLE = "train/metadata.csv"
_KINDS = {".csv": "text/csv", ".npz": "application/zip", ".json": "application/json"}
_PLAIN = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _PLAIN},
}


def render(card: Mapping[str, Any], entries: Mapping[str, bytes]) -> bytes:
    """Returns the content of ``croissant.json``.

    It has no date and no address, which Croissant recommends: a bundle is the same whenever and
    wherever it is made.

    Args:
      card: the content of ``card.json``.
      entries: the other entries of the bundle by their names.
    """
    images, facts = card["images"], card["data"]
    size = f"{images['height']}×{images['width']}"
    content = {
        "@context": dict(sorted(_CONTEXT.items())),
        "@type": "sc:Dataset",
        "name": card["title"],
        "description": f"{images['count']:,} synthetic images, {size}, of {facts['task']} data: "
        f"{', '.join(facts['classes'])}.",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "license": facts["licence"] or "not stated",
        **_responsible(card),
        "distribution": [
            *(_file(name, entries[name]) for name in sorted(entries) if _is_listed(name)),
            {
                "@type": "cr:FileSet",
                "@id": "pictures",
                "name": "pictures",
                "description": "The images, 8-bit.",
                "encodingFormat": "image/png",
                "includes": "train/*/*.png",
            },
        ],
        "recordSet": [_pictures(), _labels(entries[_TABLE])],
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _responsible(card: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields for responsible AI, as sentences of the card."""
    privacy, method = card["privacy"], card["method"]
    audit = privacy["audit"]
    found = f"An audit says: {audit['verdict']}" if audit else "No audit of their privacy was done."
    start = "real images of patients" if privacy["real_start"] else method["start"]
    images = "Some of the images" if _some_from_noise(card) else "The images"
    sentences = [f"{images} started from {start}.", *(_sentence(x) for x in privacy["marks"])]
    return {
        "rai:dataCollection": f"Images that {method['name']} made from "
        f"{card['data']['counts']['train']:,} real training images; {_of(card)}.",
        "rai:dataCollectionType": "Others",
        "rai:dataPreprocessingProtocol": card["data"]["preparation"],
        "rai:dataUseCases": "Training of classifiers of such images, without the real ones.",
        "rai:dataLimitations": "Not for diagnosis: the images are made to train networks. Scores "
        "are those of the network and the data named in card.json; others differ.",
        "rai:dataBiases": "Biases of the real images, such as of one site's patients and scanners, "
        "are kept.",
        "rai:personalSensitiveInformation": " ".join([*sentences, found]),
    }


def _some_from_noise(card: Mapping[str, Any]) -> bool:
    starts = [part["start"] for part in card["merged_from"] or []]
    return bool(card["privacy"]["real_start"]) and "noise" in starts


def _of(card: Mapping[str, Any]) -> str:
    if card["merged_from"]:
        return f"merged from {len(card['merged_from'])} sets"
    return f"of {card['data']['name'] or 'a site'}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _is_listed(name: str) -> bool:
    return any(name.endswith(end) for end in _KINDS)


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "encodingFormat": next(kind for end, kind in _KINDS.items() if name.endswith(end)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _pictures() -> dict[str, Any]:
    """Returns the records of the PNG files: their places and their pixels."""
    path = {"source": {**_from("fileSet", "pictures"), "extract": {"fileProperty": "fullpath"}}}
    path["source"]["transform"] = {"regex": "^.*?train/(.+)$"}
    pixels = {"source": {**_from("fileSet", "pictures"), "extract": {"fileProperty": "content"}}}
    fields = [
        _field("images", "file_name", "sc:Text", path),
        _field("images", "image", "sc:ImageObject", pixels),
    ]
    return _records("images", fields)


def _labels(table: bytes) -> dict[str, Any]:
    """Returns the records of ``metadata.csv``, whose rows refer to the PNG files.

    The identifiers count the columns, because a name of a class may have spaces.
    """
    columns = next(csv.reader([table.decode().split("\n", 1)[0]]))
    kinds = {"file_name": "sc:Text", "class": "sc:Text", "label": "sc:Integer"}
    fields = [
        _field(
            "labels",
            f"column_{number}",
            kinds.get(name, "sc:Float"),
            {"source": {**_from("fileObject", _TABLE), "extract": {"column": name}}},
        )
        for number, name in enumerate(columns)
    ]
    fields[0]["references"] = {"field": {"@id": "images/file_name"}}
    for field, name in zip(fields, columns, strict=True):
        field["name"] = name
    return _records("labels", fields)


def _records(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    key = {"@id": fields[0]["@id"]}
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "key": key, "field": fields}


def _field(records: str, name: str, kind: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{records}/{name}",
        "name": name,
        "dataType": kind,
        **source,
    }


def _from(kind: str, name: str) -> dict[str, Any]:
    return {kind: {"@id": name}}
