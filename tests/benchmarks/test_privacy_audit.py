"""The table of audits: which cells, and what a row shows."""

import importlib

import pytest


@pytest.fixture
def bench():
    return importlib.import_module("privacy_audit")


def test_all_cells_or_those_named(bench):
    assert len(list(bench.cells([]))) == 2 * 4 * 2
    assert list(bench.cells(["pneumoniamnist/dsa/deep"])) == [("pneumoniamnist", "dsa", "deep")]


def test_the_table(bench):
    rate = {"rate": 0.025, "p_value": 0.004}
    audit = {
        "resumed": True,
        "data": "a",
        "set": "dsa",
        "audit": "deep",
        "alarm": True,
        "distil_seconds": 30,
    }
    audit |= {"findings": ["20 of 20 synthetic images are …", "Membership by x: …"]}
    audit |= {
        "audit_seconds": 60,
        "tried": {"runs": 34, "tests": 50},
        "detectable": {"auc": 0.54321},
    }
    audit |= {"copies": [{"found": 0, "of": 20}]}
    attack = {"name": "x", "group": "normal", "members": 1508, "others": 12, "p_value": 0.03}
    audit |= {"strongest": attack | {"auc": 0.6, "interval": [0.5, 0.7], "rates": [rate]}}
    bounds = {"epsilon_clopper_pearson": 0.25, "epsilon_one_run": 0}
    audit |= {"epsilon": {"all": bounds | {"included": 21, "others": 20}}}
    lines = bench.table([audit]).splitlines()
    assert lines[2] == (
        "| a | dsa | deep | yes | 1, 1 | 50 | x | class normal: 1,508 members, 12 others "
        "| 0.600 [0.500, 0.700] | 2.5 % | 0.004 | 0 of 20 | 0.543 | 34 | ≥ 1.5 |"
    )
    assert lines[6] == "| a | dsa | 21 | 20 | 0.25 | 0.00 |"
    heads = lines[0].count("|")
    assert lines[1].count("|") == lines[2].count("|") == heads
