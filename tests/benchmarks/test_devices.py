"""One device against several, in turn."""

import importlib
import json
import sys
import time

import pytest


@pytest.fixture
def lines(monkeypatch, capsys):
    devices, engine = importlib.import_module("devices"), importlib.import_module("engine")

    def make_work(work, case, *, precision, steps, devices):
        return lambda: time.sleep(0.02 / devices)

    monkeypatch.setattr(engine, "make_work", make_work)
    monkeypatch.setattr(sys, "argv", ["devices", "--works=dm,eval5", "--repeats=2"])
    devices.main()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_work_on_every_number_of_devices(lines):
    found = [(line["work"], line["devices"]) for line in lines]
    assert found == [(work, count) for work in ("dm", "eval5") for count in (1, 2, 4, 8)]
    ratios = [line["times_faster"]["median"] for line in lines[:4]]
    assert ratios[0] == 1 and ratios == sorted(ratios)
    assert all(line["commit"] and line["shape"] == "1x28x2" for line in lines)
