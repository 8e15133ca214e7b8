"""The last look for paths: every place where the settings of a run may hold one."""

import json

import pytest

from medjax import share
from medjax.errors import UserError
from medjax.share.bundle import readme
from medjax.share.bundle.finished import read_run
from medjax.share.bundle.leaks import check_no_paths


@pytest.mark.parametrize("place", range(3))
def test_each_path_is_found(site, secrets, place):
    run = read_run(site())
    config = run.summary["config"]["data"]
    path = [config["root"], config["folder"]["table"], str(run.workdir)][place]
    for entries in ({"README.md": f"see {path}!".encode()}, {f"train/{path}": b""}):
        with pytest.raises(UserError, match="which must not leave the site"):
            check_no_paths(entries, run)
    config["folder"]["findings"] = "left/right shift,mass"  # which are names of classes
    check_no_paths(
        {"README.md": b"mean 0.5/0.2 of left/right shift,mass", "synthetic.npz": path.encode()}, run
    )


@pytest.mark.parametrize("text", ["of {}", "{}: a set", "{}"])
def test_names_are_looked_for_in_what_a_user_wrote(site, secrets, text):
    run = read_run(site(name=f"folder:{secrets[1]}"))
    for word in (secrets[1], secrets[3]):
        with pytest.raises(UserError, match="write another one"):
            check_no_paths({}, run, written=[text.format(word)])
    check_no_paths({}, run, written=["scans of a site", f"my{secrets[1]}"])


def test_a_path_with_backslashes_is_found_as_json_and_markdown_have_it(site):
    run = read_run(site())
    run.summary["config"]["data"]["root"] = path = r"C:\Users\drsmith\scans"
    for content in (json.dumps(path), readme.escaped(path), path):
        with pytest.raises(UserError, match=r"README\.md would hold"):
            check_no_paths({"README.md": content.encode()}, run)


@pytest.mark.parametrize("name", ["images", "data", "label", "train", "noise"])
def test_a_common_word_is_a_name_that_data_may_have(site, tmp_path, name):
    share.pack(site(name=name), tmp_path / "a.zip", title="Images of the site")
