"""Identifiers that images share, told from measurements, dates and categories by their cells."""

import numpy as np
import pytest

from medjax.data.pictures.table_rows import id_columns

FILES = [f"{n}.png" for n in range(60)]
BY_PATIENT = {file: n // 3 % 2 for n, file in enumerate(FILES)}  # three images of each
MIXED = {file: n % 2 for n, file in enumerate(FILES)}


def ids(name, cell, labels=BY_PATIENT):
    return id_columns.are_ids(name, {x: str(cell(n)) for n, x in enumerate(FILES)}, labels)


@pytest.mark.parametrize(
    "name, cell",
    [
        ("who", lambda n: 7001 + n // 3),
        ("who", lambda n: f"A{n // 3:02d}-x"),
        ("eid", lambda n: 7001 + n // 3),
        ("Nr", lambda n: n // 3),
        ("client", lambda n: f"{n // 3 * 2654435761 % 2**32:08x}"),
    ],
)
def test_identifiers_go_with_labels(name, cell):
    assert ids(name, cell)


def test_large_identifiers_by_name_need_no_labels():
    for name in ("eid", "Untersuchungs-Nr", "client_id", "KeyID", "VISITNR"):
        assert ids(name, lambda n: 7001 + n // 3, MIXED)
    assert not ids("who", lambda n: 7001 + n % 20, {x: n // 20 for n, x in enumerate(FILES)})
    assert not ids("slot_id", lambda n: n // 3, MIXED)


@pytest.mark.parametrize(
    "name, cell",
    [
        ("age", lambda n: 40 + n // 3),
        ("alter", lambda n: 40 + n // 3),
        ("alter", lambda n: f"{40 + n // 3:03d}Y"),
        ("sex", lambda n: "MF"[n // 3 % 2]),
        ("laterality", lambda n: "LR"[n % 2]),
        ("site", lambda n: f"site{n // 15}"),
        ("scanner", lambda n: f"GE-{n % 11}"),
        ("scanner_id", lambda n: 7000 + n // 12),
        ("day", lambda n: f"2019-01-{1 + n // 3:02d}"),
        ("day", lambda n: f"{1 + n // 3}.3.2019"),
        ("day", lambda n: f"201901{1 + n // 3:02d}"),
        ("birth", lambda n: 1950 + n // 3),
        ("bmi", lambda n: 20 + n // 3 / 7),
        ("size", lambda n: f"{1000 + n // 3} mm"),
        ("image width", lambda n: 1000 + n // 3),
        ("OriginalImage[Width", lambda n: 1000 + n // 3),
        ("score", lambda n: 1000 + n // 3),
        ("country", lambda n: f"country {'abcdefghijklmnopqrstuvwxyz'[n // 3]}"),
        ("hash", lambda n: f"{n:04d}x"),
        ("shape", lambda n: f"{500 + n // 3}x{500 + n}"),
    ],
)
def test_others_are_no_identifiers(name, cell):
    assert not ids(name, cell)


def test_values_in_any_order_are_no_identifiers():
    for seed in range(50):
        key = np.random.default_rng(seed)
        cells, labels = key.integers(5000, 5020, 60), key.integers(0, 2, 60)
        assert not ids("dose value", lambda n, x=cells: x[n], dict(zip(FILES, labels, strict=True)))


def test_rows_of_one_value_that_follow_one_another():
    for cell in (lambda n: f"P{n // 3:02d}", lambda n: 7001 + n // 3):
        assert ids("who", cell, MIXED)
    assert not ids("who", lambda n: n // 3, MIXED)
    assert not ids("who", lambda n: f"P{(n // 3 if n else 7):02d}", MIXED)


def test_keys_of_a_join():
    assert id_columns.are_keys(["1", "2", "3", "4", "5", "5"])
    assert not id_columns.are_keys(["1", "2", "3", "4", "4"])
    assert not id_columns.are_keys(["1", "2", "3", "4", "5"])
