"""Cards: made from named facts, and compared with the schema that is shipped."""

import copy
import json
from importlib import resources

import jsonschema
import pytest

from medjax import share
from medjax.errors import UserError
from medjax.share import archive
from medjax.share.bundle import card as cards

SCHEMA = json.loads(resources.files("medjax.share").joinpath("card.schema.json").read_text())


def test_the_schema_is_one_and_closed():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def objects(node):
        if isinstance(node, dict):
            yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    for node in objects(SCHEMA):
        if node.get("type") == "object":
            assert "additionalProperties" in node and node["additionalProperties"] is not True
        if node.get("type") == "string":
            assert node.keys() & {"pattern", "enum"}, node


@pytest.mark.parametrize("kind", ["site", "findings"])
def test_what_a_run_makes_follows_it(kind, request, tmp_path):
    card = share.pack(request.getfixturevalue(kind)(), tmp_path / "a.zip")
    jsonschema.validate(card, SCHEMA)
    written = archive.read(tmp_path / "a.zip")["card.json"]
    assert cards.read_card(written, where="a.zip") == card == json.loads(written)
    assert card["scores"]["set"]["accuracy"] == {"mean": 0.8, "std": 0.02, "n": 5}
    assert set(card["scores"]["baselines"]) == {"random", "whole"}
    assert card["training"]["network"] == "convnet:width=32"
    assert card["training"]["recipe"]["epochs"] == 30


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["extra"], 1, "'extra' was unexpected"),
        (["format"], "medjax bundle 2", "format: "),
        (["title"], "two\nlines", "title: "),
        (["title"], "an end\n", "title: "),
        (["method", "name"], "dm\n", "method.name: "),
        (["data", "counts", "train"], 0, "data.counts.train: "),
        (["data", "classes"], ["a", "a"], "data.classes names a class twice"),
        (["images", "std"], "0.2", "images.std: "),
        (["training", "network"], "convnet:__import__('os')", "training.network: "),
        (["training", "recipe", "augment"], "../../etc", "training.recipe.augment: "),
        (["scores", "set", "accuracy", "mean"], "high", "scores"),
        (["merged_from"], [], "merged_from: "),
    ],
)
def test_another_card_is_refused(site, tmp_path, place, value, message):
    card = copy.deepcopy(share.pack(site(), tmp_path / "a.zip"))
    inner = card
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with pytest.raises(UserError) as found:
        cards.read_card(json.dumps(card).encode(), where="a.zip")
    assert str(found.value).startswith("the card of a.zip is not valid: ")
    assert message in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize("content", [b"\xff", b"[", b"[" * 10**5])
def test_no_json(content):
    with pytest.raises(UserError, match="no JSON in UTF-8"):
        cards.read_card(content, where="a.zip")


def test_the_learned_step_size_is_the_learning_rate(site, tmp_path):
    card = share.pack(site(step_size=0.25), tmp_path / "a.zip")
    assert card["training"]["recipe"]["learning_rate"] == 0.25
