import importlib
import sys


def test_a_row_for_each_block(monkeypatch, capsys):
    blocks = importlib.import_module("blocks")
    tiny = ["--images=2", "--width=4", "--repeats=1"]
    monkeypatch.setattr(sys, "argv", ["blocks.py", *tiny])
    blocks.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split(" | ") for line in lines[2:5]]
    assert [row[0] for row in rows] == [
        "| 1 to 4, 32 pixels",
        "| 4 to 4, 16 pixels",
        "| 4 to 4, 8 pixels",
    ]
    assert all(len(row) == len(blocks.HEADS) for row in rows)
    assert lines[-1].startswith("network: ") and lines[-1].endswith(" GFLOP/s")


def test_the_operations_are_those_of_the_definition():
    blocks = importlib.import_module("blocks")
    block = blocks.make_block(3, 5, blocks.BLOCKS[1])
    assert block.convolve(block.images, block.kernel).shape == block.outputs.shape
    assert block.rest(block.outputs).shape == block.pooled.shape
    assert block.kernel.size * block.outputs[..., 0].size == 3 * 16 * 16 * 5 * 5 * 9
