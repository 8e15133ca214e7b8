"""The verdict of an audit in words."""

import re

from medjax.privacy.page.wording import findings, too_few, verdict
from medjax.privacy.statistics.evidence import detectable
from medjax.privacy.statistics.membership import Attack, Rate

TRIED = {"members": 100, "others": 99, "unit": "patient", "left_out": 7, "runs": 1}
TRIED |= {"distilled": 120, "attacks": ["pixels"], "tests": 12, "left_out_near": 5}


def test_what_was_tried_and_what_could_have_been_seen():
    said = " ".join(verdict(False, TRIED, detectable(100, 99, 12)))
    assert said.startswith("No alarm: none of 12 tests found a leak. This does not clear the ")
    assert "ask whether a patient was among those that were distilled" in said
    assert "with 100 members, which were, and 99 other patients, which were not" in said
    assert "not the released images, but a distillation of a random half" in said
    assert re.search(r"an AUC of 0\.6\d\d \(0\.5 is chance\) or [\d.]+ % of members found", said)
    assert "7 copies of images were left out before." in said and "in at most 1 % of audits" in said


def test_tests_by_shadows_have_a_level_of_their_own():
    said = verdict(False, TRIED | {"tests": 212, "deep_tests": 200}, {})[-1]
    assert (
        "at most 1 % of audits: one of the 12 tests has to find a p-value below 8.3e-04. " in said
    )
    assert "at most 1 % more: one of these 200 has to find a p-value below 5.0e-05." in said
    assert "more" not in verdict(False, TRIED, {})[-1]


def test_attacks_over_shadows_that_had_fewer_images_and_canaries_that_were_not_planted():
    tried = TRIED | {"fewest_members": 90, "fewest_others": 99}
    said = " ".join(verdict(False, tried | {"no_canaries_because": "so"}, detectable(100, 99, 12)))
    few = "(some attacks with as few as 90 members or 99 others). They are 1: pixels."
    assert few in said
    assert "No canaries were planted, because so." in said
    same = " ".join(verdict(False, TRIED | {"fewest_members": 100, "fewest_others": 99}, {}))
    assert "some attacks" not in same and "canaries" not in same


def test_canaries_are_no_members():
    tried = TRIED | {"attacks": ["pixels", "canaries"], "canaries": 42}
    said = " ".join(verdict(False, tried, {}))
    assert "They are 1: pixels." in said and "42 canaries, images that are easy" in said
    assert "too few" not in said
    few = " ".join(verdict(False, TRIED | {"canaries": 6}, {}))
    assert "6 canaries" in few and "too few for an attack on them" in few
    rates = (Rate(0.01, 1, 3, 0.15, (0.0, 0.3), 1e-6),)
    found = Attack("canaries", "", 21, 20, 0.9, (0.8, 1.0), 1e-6, rates, ((0.0, 0.0),))
    assert findings([found], []) == [
        "Canaries: AUC 0.900 [0.800, 1.000]; 3 of 21 included ones are found while at most 1 of 20 "
        "others are taken for them."
    ]


def test_an_audit_that_could_try_nothing_says_so_first():
    few = TRIED | {"attacks": ["canaries"], "tests": 3, "left_out": 600}
    few |= {"members": 7, "others": 6}
    said = verdict(False, few | {"no_attacks_because": too_few(few)}, {})
    assert said[0].startswith("No alarm: no attack on membership was tried, because an attack ")
    assert "needs 8 members and 8 other patients, and there are 7 and 6; a smaller --" in said[0]
    assert "--near" not in too_few(few | {"left_out_near": 2})
    assert "600 copies of images were left out before." in said
    assert not any("members, which" in line for line in said)
