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


@pytest.mark.parametrize(
    ("attacks", "tried"),
    [
        ([], {"no_attacks_because": "there are 3 and 4"}),
        ([{"name": "canaries"}], {"no_attacks_because": "there are 3 and 4"}),
        ([], {}),
    ],
)
def test_an_audit_that_could_try_no_attack_is_not_enough(site, audited, attacks, tried):
    few = {"attacks": attacks, "tried": tried}
    reason = tried.get("no_attacks_because", "there are too few images")
    for changes, advice in (({"init": "real"}, "Start from noise, or distil"), ({}, "Distil")):
        run = read_run(audited(site(**changes), alarm=not changes, **few))
        for allowed in (False, True):
            with pytest.raises(UserError, match=f"membership \\({reason}\\). {advice} more"):
                rules.check_may_leave(run, allow_real_init=allowed)
    (mark,) = rules.check_may_leave(read_run(audited(site(), **few)), allow_real_init=False)
    assert mark.startswith("its audit could try no attack on membership, so nothing is known")
