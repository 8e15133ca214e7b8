"""``medjax share`` as a command: what it prints, and its exit codes."""

import json
import subprocess
import sys

import pytest

from medjax.cli import share as command
from medjax.cli import subcommands
from medjax.share import archive, signing


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a bundle whose card was written by somebody hostile, and keys."""
    monkeypatch.chdir(tmp_path)
    card = {"title": "\u001b[2J\u202eA set", "privacy": {"real_start": True}}
    archive.write("a.zip", {"card.json": json.dumps(card).encode(), "README.md": b"A set."})
    return tmp_path


def run(*arguments):
    return command.main(["medjax share", *arguments])


def test_the_way_from_keys_to_a_verified_bundle(folder, capsys):
    assert run("keygen", "--out=site.key") == 0
    out = capsys.readouterr().out
    made = signing.pinned("site.key.pub")
    assert made in out and "give it to those who receive" in out
    archive.write("b.zip", {"README.md": b"A set."}, key="site.key")
    for key in ("site.key.pub", made):
        assert run("verify", "b.zip", f"--key={key}") == 0
    assert capsys.readouterr().out.count(f"Signed by {made}, as asked") == 2
    assert run("verify", "--key", "site.key.pub", "a.zip") == 1
    assert "Unsigned: nothing shows that" in capsys.readouterr().out
    assert run("verify", "b.zip", "--key=") == 2
    assert "the key is empty" in capsys.readouterr().err


def test_verify_prints_the_digest(folder, capsys):
    assert run("verify", "a.zip") == 0
    whole, unsigned, digest = capsys.readouterr().out.splitlines()
    assert whole.startswith("Whole: its 3 entries") and "nobody vouches" in unsigned
    assert digest.startswith("Digest of the content: ") and len(digest.split()[-1]) == 64


def test_show_escapes_what_a_terminal_obeys(folder, capsys):
    assert run("show", "a.zip") == 1
    out, err = capsys.readouterr()
    assert r"  what: \x1b[2J\u202eA set" in out.splitlines()
    assert err.startswith("medjax: its card is not valid: 'format' is a required property; load,")
    assert "  privacy: the images started from real images of patients" in out
    assert "nobody vouches" in out and out.replace("\n", "").isprintable()


def test_show_of_a_hostile_file_is_one_line(folder, capsys):
    content = (folder / "a.zip").read_bytes()
    (folder / "evil.zip").write_bytes(content[:-1] + b"\1")
    assert run("show", "evil.zip") == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("medjax: evil.zip: Not a whole bundle: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "no command given; choose from: pack, verify, show, export, merge, evaluate, keygen"),
        (["verfy"], "unknown command 'verfy' (did you mean 'verify'?); choose from:"),
        (["verify"], "verify needs one bundle, as in verify site_a.zip; got 0"),
        (["show", "a.zip", "b.zip"], "show needs one bundle, as in show site_a.zip; got 2"),
        (["verify", "none.zip"], "cannot read none.zip: No such file or directory"),
        (["verify", "a.zip", "--key=none"], "cannot read the key none: No such file or directory"),
        (["verify", "a.zip", "--kay=b"], "Unknown command line flag 'kay'"),
        (["show", "bare.zip"], "bare.zip has no card.json that says what is in it"),
        (["evaluate", "a.zip", "--synthetic=b.npz"], "--synthetic has no place here"),
        (["keygen"], "--out is missing, as in --out=site_a.key"),
        (["keygen", "--out=a.zip"], "a.zip exists, and keys are never overwritten"),
        (["keygen", "a.key"], "unexpected argument 'a.key'; all are flags, see --help"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(arguments, line, folder, capsys):
    archive.write("bare.zip", {"README.md": b"A set."})
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"medjax: {line}") and len(err.splitlines()) == 1


def test_ctrl_c_is_one_line(folder, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("medjax.share.verify", interrupt)
    assert run("verify", "a.zip") == 130
    assert capsys.readouterr() == ("", "medjax: interrupted\n")


def test_help_lists_the_commands_and_their_flags(capsys):
    assert run("--help") == 0
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert lines == ["pack", "verify", "show", "export", "merge", "evaluate", "keygen"]
    for name in lines:
        assert run(name, "--help") == 0
        said = capsys.readouterr().out
        assert f"python -m medjax.share {name}" in said and "medjax.cli" in said
    assert "--networks: number of each" in said or name != "evaluate"


def test_as_a_module(folder):
    done = subprocess.run(
        [sys.executable, "-m", "medjax.share", "verify", "a.zip"], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.startswith("Whole: ") and done.stderr == ""


def test_a_table_of_commands():
    table = {"b": ("m.b", "does b"), "a": ("m.a", "does a")}
    assert subcommands.module_of("a", table) == "m.a"
    assert [line.split() for line in subcommands.listed(table)] == [
        ["b", "does", "b"],
        ["a", "does", "a"],
    ]
