import json
import math
import pathlib

import jax.numpy as jnp
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.run.metrics import MetricsWriter, read_metrics, write_json


def run(path, steps):
    with MetricsWriter(path) as writer:
        for step in steps:
            writer.write(step, {"loss": 1 / step, "val": {"auroc": np.float32(0.5)}})


def test_lines_are_on_disk_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    writer = MetricsWriter(path)
    writer.write(1, {"loss": jnp.float32(0.5)})
    assert path.read_text() == '{"step": 1, "loss": 0.5}\n'
    writer.close()


def test_a_resumed_file_equals_an_uninterrupted_one(tmp_path):
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"
    run(whole, range(1, 9))
    run(resumed, range(1, 7))
    with open(resumed, "ab") as stream:
        stream.write(b'{"step": 7, "lo')  # a kill in the middle of a line
    with MetricsWriter(resumed) as writer:
        writer.truncate_after(4)
    assert [line["step"] for line in read_metrics(resumed)] == [1, 2, 3, 4]
    run(resumed, range(5, 9))
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_torn_tail_at_the_restored_step_does_not_glue_lines(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1, "loss": 1.0}\n{"step": 2')
    with MetricsWriter(path) as writer:
        writer.truncate_after(2)
        writer.write(2, {"loss": 0.5})
    assert read_metrics(path) == [{"step": 1, "loss": 1.0}, {"step": 2, "loss": 0.5}]


def test_minus_one_starts_afresh(tmp_path):
    path = tmp_path / "metrics.jsonl"
    run(path, [1, 2])
    with MetricsWriter(path) as writer:
        writer.truncate_after(-1)
        writer.write(0, {})
    assert path.read_text() == '{"step": 0}\n'


def test_no_file_has_no_lines(tmp_path):
    assert read_metrics(tmp_path / "none.jsonl") == []


def test_unwritable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        MetricsWriter(tmp_path / "file" / "metrics.jsonl")


def test_write_json_takes_what_a_run_has(tmp_path):
    content = {
        "z first": np.float32(0.5),
        "nan": math.nan,
        "infinite": np.array([1.0, np.inf]),
        "scalar": jnp.int32(3),
        "flag": np.bool_(True),
        "pair": (1, 2),
        "path": pathlib.Path("runs/x"),
        "nothing": None,
        "name": "Ödem",
        5: "number",
    }
    write_json(tmp_path / "summary.json", content)
    text = (tmp_path / "summary.json").read_text(encoding="utf-8")
    back = json.loads(text)
    assert next(iter(back)) == "z first" and "Ödem" in text and text.endswith("}\n")
    assert back == {
        "z first": 0.5,
        "nan": None,
        "infinite": [1.0, None],
        "scalar": 3,
        "flag": True,
        "pair": [1, 2],
        "path": "runs/x",
        "nothing": None,
        "name": "Ödem",
        "5": "number",
    }
    assert back["flag"] is True


def test_what_has_no_json_form_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"no JSON form for .* of type function"):
        write_json(tmp_path / "x.json", {"f": run})
    assert not (tmp_path / "x.json").exists()


def test_a_record_without_its_line_end_is_torn_too(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2}')
    with MetricsWriter(path) as writer:
        writer.truncate_after(2)
        writer.write(2, {})
    assert path.read_bytes() == b'{"step": 1}\n{"step": 2}\n'


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_told():
    with pytest.raises(UserError, match=r"^cannot write /dev/full: No space left on device$"):
        run("/dev/full", [1])
