"""Audits in a workdir."""

import pytest

from medjax.errors import UserError
from medjax.share.bundle import rules
from medjax.share.bundle.audit import read_audit
from medjax.share.bundle.finished import read_run


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"verdict": 3}', '{"verdict": []}', '{"verdict": ["a"], "publish": 1}'),
        '{"verdict": ["All is well."]}',
        '{"verdict": ["All is well."], "alarm": false, "run": {}}',
    ],
)
def test_other_files(site, content):
    workdir = site()
    (workdir / "audit.json").write_text(content)
    with pytest.raises(UserError, match="is not the result of an audit"):
        read_audit(workdir, digest="1")


def test_it_is_of_these_images(site, audited):
    workdir = audited(site())
    assert read_run(workdir).audit.verdict == "Nothing was found with 4 runs."
    audited(workdir, run={"synthetic_sha256": "0" * 64})
    with pytest.raises(UserError, match="is the audit of other images"):
        read_run(workdir)


@pytest.mark.parametrize("alarm", [True, None])
def test_an_alarm_is_not_packed_without_a_word(site, audited, alarm):
    run = read_run(audited(site(), alarm=alarm))
    with pytest.raises(UserError, match=r"an audit found .* reveal .*Read its audit"):
        rules.check_may_leave(run, allow_real_init=False)
    (mark,) = rules.check_may_leave(run, allow_real_init=True)
    assert mark.startswith("an audit found")
