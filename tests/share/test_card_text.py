"""A card in plain words, whatever it holds."""

import pytest

from medjax.share.card_text import card_lines

SCORE = {"mean": 0.91234, "std": 0.0123, "n": 5}
CARD = {
    "title": "Pneumonia, distilled by dm",
    "method": {"name": "dm", "ipc": 10, "start": "noise"},
    "data": {
        "name": "pneumoniamnist",
        "licence": "CC BY 4.0",
        "classes": ["normal", "pneumonia"],
        "counts": {"train": 4708, "val": 524, "test": 624},
    },
    "images": {"count": 20, "height": 28, "width": 28, "channels": 1},
    "scores": {
        "set": {"accuracy": SCORE, "auroc": SCORE, "loss": SCORE},
        "baselines": {"whole": {"accuracy": SCORE}},
    },
    "privacy": {
        "real_start": False,
        "marks": ["Learned labels."],
        "audit": {"verdict": "Tracing found no more than chance.", "scores": None},
        "differential_privacy": False,
    },
    "merged_from": None,
}


def test_a_card():
    assert card_lines(CARD) == [
        "what: Pneumonia, distilled by dm",
        "method: dm, 10 images per class, started from noise",
        "images: 20 of 28×28 pixels, 1 channel",
        "made from: pneumoniamnist, 4708 training images, licence: CC BY 4.0",
        "2 classes: normal, pneumonia",
        "scores on test: accuracy 0.9123 ± 0.0123 (5 networks), AUROC 0.9123 ± 0.0123 (5 networks)",
        "whole data: accuracy 0.9123 ± 0.0123 (5 networks)",
        "privacy: the images started from noise",
        "privacy: Learned labels.",
        "privacy: audit: Tracing found no more than chance.",
        "privacy: no guarantee of differential privacy",
    ]


def test_what_matters_to_a_receiver_is_said():
    card = {"method": {"ipc": [1, 2]}, "privacy": {"real_start": True}}
    card |= {"merged_from": [{"title": "A", "count": 2, "train": 9}, {}], "data": {"name": None}}
    lines = card_lines(card)
    assert "method: 1, 2 images per class" in lines and "made from: images of 2 parts" in lines
    assert "privacy: the images started from real images of patients" in lines
    assert "merged from: A (2 images made from 9); ? (? images made from ?)" in lines
    assert "privacy: audit: none" in lines
    assert card_lines({"data": {"name": None}})[0] == "made from: images of the site"


def test_names_with_commas_are_told_apart():
    card = {"data": {"classes": ["malignant", "normal, benign"]}}
    assert card_lines(card)[1] == '2 classes: malignant, "normal, benign"'


def test_one_network_has_no_spread():
    card = {"scores": {"set": {"accuracy": {"mean": 0.5, "std": 0.0, "n": 1}}}}
    assert card_lines(card)[0] == "scores on test: accuracy 0.5 (1 network)"


def test_a_verdict_is_cut_between_sentences():
    first, second = f"Tried {'x' * 250} at 4.1 %.", f"Found {'y' * 250}."
    lines = card_lines({"privacy": {"audit": {"verdict": f"No. {first} {second} Yes."}}})
    assert lines[:2] == [f"privacy: audit: No. {first}", f"privacy: audit: {second} Yes."]


def test_no_card_makes_lines_without_end():
    for verdict in ("A. " * 4000, "x" * 10**5, "B " * 10**5):
        assert len(card_lines({"privacy": {"audit": {"verdict": verdict}}})) < 45
    assert "privacy: audit: none" in card_lines({"privacy": {"audit": {"verdict": "  "}}})
    assert card_lines({"title": 10**5000})[0] == "what: ?"


def test_no_title_passes_for_two_parts():
    card = {"merged_from": [{"title": 'A (9 images made from 99); "B"', "count": 1, "train": 2}]}
    said = r'merged from: "A (9 images made from 99); \"B\"" (1 images made from 2)'
    assert card_lines(card)[0] == said


def test_rows_are_of_findings():
    card = {"method": {"ipc": 3}, "images": {"labels": "rows"}, "data": {"classes": ["mass"]}}
    assert {"method: 3 images per finding", "1 class: mass"} <= {*card_lines(card)}


@pytest.mark.parametrize("wrong", [None, [], {}, "text", 1, 1.5, True, [{}], {"a": []}, [[1]]])
@pytest.mark.parametrize(
    "place", ["", *CARD, "method.name", "data.classes", "scores.set", "privacy.audit"]
)
def test_a_card_of_any_form(wrong, place):
    """No part of a card has to be there, or of the kind that it should be."""
    card = {key: dict(part) if isinstance(part, dict) else part for key, part in CARD.items()}
    *parents, last = place.split(".")
    if place == "":
        card = wrong
    elif parents:
        card[parents[0]][last] = wrong
    else:
        card[last] = wrong
    assert any(line.startswith("privacy: ") for line in card_lines(card))


def test_lines_are_bounded():
    classes = [f"class {n}" for n in range(10_000)]
    card = {"title": "x" * 10**6, "data": {"classes": classes}, "privacy": {"marks": ["y"] * 10**5}}
    lines = card_lines(card)
    assert "privacy: 99,980 more sentences in privacy.marks of the card" in lines
    assert len(lines) < 40 and max(map(len, lines)) <= 500
    assert any("and 9,980 more" in line for line in lines)


def test_the_end_of_a_verdict_is_shown():
    verdict = f"No alarm. {'Tried. ' * 300}A smaller one can go unseen."
    lines = card_lines({"privacy": {"audit": {"verdict": verdict}}})
    audit = [line for line in lines if line.startswith("privacy: audit")]
    assert len(audit) > 1 and audit[-1].endswith("can go unseen.")
    (short,) = (x for x in card_lines({"privacy": {"audit": {"verdict": 3}}}) if "audit" in x)
    assert short == "privacy: audit: 3"
