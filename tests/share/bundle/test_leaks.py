"""The last look for paths: every place where the settings of a run may hold one."""

import pytest

from medjax.errors import UserError
from medjax.share.bundle.finished import read_run
from medjax.share.bundle.leaks import check_no_paths


@pytest.mark.parametrize("place", range(4))
def test_each_path_is_found(site, secrets, place):
    run = read_run(site())
    config = run.summary["config"]["data"]
    path = [config["root"], config["folder"]["table"], str(run.workdir), secrets[3]][place]
    for entries in ({"README.md": f"see {path}!".encode()}, {f"train/{path}": b""}):
        with pytest.raises(UserError, match="which must not leave the site"):
            check_no_paths(entries, run)
    config["folder"]["findings"] = "left/right shift,mass"  # which are names of classes
    check_no_paths(
        {"README.md": b"mean 0.5/0.2 of left/right shift,mass", "synthetic.npz": path.encode()}, run
    )
