"""Names of entries: what a folder on any system may hold."""

import pytest

from medjax.errors import UserError
from medjax.share.archive import names

GOOD = [
    "README.md",
    "train/cat/0000.png",
    "train/Ödem & Erguss (links)/0000.png",
    "train/肺炎/0000.png",
    "train/-1/0000.png",
    "a/b/c/d.md",
    "CONcave.md",
    "x" * 237 + ".md",
]


@pytest.mark.parametrize("name", GOOD)
def test_names_that_every_system_takes(name):
    assert names.decoded(name.encode()) == name


@pytest.mark.parametrize("name", ["COM0.md", "lpt3", "nul .md", "ConIn$", "prn.tar.md"])
def test_devices_of_windows(name):
    with pytest.raises(UserError, match=r"a device of Windows"):
        names.decoded(f"train/{name}".encode())


def test_every_control_character_is_refused():
    for code in [*range(32), *range(127, 160), 0xAD, 0x2028, 0x2066, 0xFEFF, 0xE0001, 0xE000]:
        with pytest.raises(UserError, match="has the character"):
            names.decoded(f"a{chr(code)}.md".encode())


def test_names_that_go_together():
    names.check_together(["a/b.md", "a/c.md", "ab.md", "b/a/b.md"])
    names.check_together([])


@pytest.mark.parametrize(
    ("together", "reason"),
    [
        (["b.md", "a.md"], "'a.md' is not sorted: it follows 'b.md'"),
        (["a.md", "a.md"], "'a.md' is there twice"),
        (["a", "a/b.md"], "'a' is that of a file and of a folder"),
        (["A", "a/b.md"], "'A' and 'a' differ in case alone"),
        (["A/b.md", "a/c.md"], "'A' and 'a' differ in case alone"),
        (["ΑΣ.md", "ας.md"], "differ in case alone"),
    ],
)
def test_names_that_do_not_go_together(together, reason):
    with pytest.raises(UserError, match=reason):
        names.check_together(together)
