"""Audits in a workdir."""

import hashlib

import pytest

from medjax.errors import UserError
from medjax.share.bundle.audit import read_audit


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"verdict": 3}', '{"verdict": []}', '{"verdict": ["a"], "publish": true}'],
)
def test_other_files(site, content):
    workdir = site()
    (workdir / "audit.json").write_text(content)
    with pytest.raises(UserError, match="is not the result of an audit"):
        read_audit(workdir)


def test_it_is_of_these_images(site, audited):
    workdir = site()
    digest = hashlib.sha256((workdir / "synthetic.npz").read_bytes()).hexdigest()
    audited(workdir, run={"synthetic_sha256": digest})
    assert read_audit(workdir).verdict == "Nothing was found with 4 runs."
    audited(workdir, run={"synthetic_sha256": digest[::-1]})
    with pytest.raises(UserError, match="is the audit of other images"):
        read_audit(workdir)
