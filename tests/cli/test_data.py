"""``python -m medjax.data`` as a command: its messages name its own flags."""

from medjax import data
from medjax.cli import data as command


def test_the_cache_is_where_the_flag_says(tmp_path, striped, monkeypatch, capsys):
    from PIL import Image

    for number, name in enumerate("ab" * 20):
        (tmp_path / "scans" / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), number).save(tmp_path / "scans" / name / f"{number}.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    flags = ["--name=folder:~/scans", "--size=8", "--cache=~/kept", "--out=~/report.json"]
    assert command.main(["data", *flags]) == 0
    assert (tmp_path / "kept" / "data").is_dir() and (tmp_path / "report.json").is_file()


def test_a_hint_names_a_flag(tmp_path, capsys):
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{number}.png").write_bytes(b"no picture")
    assert command.main(["data", f"--name=folder:{tmp_path}"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert "--convert.skip_unreadable=True" in line and "data.convert" not in line


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "read", interrupt)
    assert command.main(["data", "--name=phantom"]) == 130
    assert capsys.readouterr() == ("", "medjax: interrupted\n")
