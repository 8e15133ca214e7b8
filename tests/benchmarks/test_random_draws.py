"""How many random subsets a distillation is worth: which rows are made, and their table."""

import importlib
import json
import sys

import pytest

from medjax import evaluate
from medjax.run import config, distill


@pytest.fixture
def random_draws():
    return importlib.import_module("random_draws")


def test_the_rows_of_a_run(random_draws, tmp_path, monkeypatch, capsys):
    """The best of as many draws as the run had validations is its own baseline."""
    tiny = "quick,ipc=1,net.width=4,iterations=2,evaluation.every=1,evaluation.epochs=2"
    tiny += ",evaluation.networks=2,evaluation.select_networks=1,evaluation.whole_steps=1"
    settings = config.make("dm", "phantom", f"{tiny},data.cache={tmp_path / 'cache'}").to_dict()
    run = distill.distill(settings, tmp_path / "dm" / "seed_0")
    out = tmp_path / "rows.jsonl"
    words = [f"--run={tmp_path / 'dm'}", f"--out={out}"]
    monkeypatch.setattr(sys, "argv", ["random_draws.py", *words, "--draws=1,2"])
    random_draws.main()
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["data"], row["seed"], row["draws"]) for row in rows] == [
        ("phantom", 0, 1),
        ("phantom", 0, 2),
    ]
    assert rows[0]["draw"] == 0 and rows[1]["draw"] in (0, 1)
    assert rows[1]["best"]["auroc"] == run["baselines"]["random_selected"]["auroc"]["values"]
    assert rows[1]["distilled"]["auroc"] == run["test"]["auroc"]["values"]
    assert capsys.readouterr().out.splitlines()[-1].startswith("| phantom, dm | 2 | 1 | ")

    monkeypatch.setattr(random_draws, "best_of", lambda *_: pytest.fail("made again"))
    random_draws.main()
    assert len(out.read_text().splitlines()) == 2


def test_the_table_is_paired_by_seed(random_draws):
    best, distilled = (0.80, 0.84, 0.82), (0.82, 0.85, 0.84)
    rows = [
        {
            "data": "x",
            "method": "dm",
            "seed": seed,
            "draws": 3,
            "best": {m: [best[seed] - 0.1, best[seed] + 0.1] for m in random_draws.METRICS},
            "distilled": {m: [distilled[seed]] for m in random_draws.METRICS},
        }
        for seed in range(3)
    ]
    line = random_draws.table(rows).splitlines()[-1]
    gap = evaluate.paired_interval(distilled, best)
    assert line.startswith("| x, dm | 3 | 3 | 0.820 [")
    assert f"+0.017 [{gap.low:+.3f}, {gap.high:+.3f}] beats |" in line
