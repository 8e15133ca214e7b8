"""What verification says: whole or not, and who vouches for it."""

import hashlib
import sys

import pytest

from medjax.errors import UserError
from medjax.share import archive, signing, verify
from medjax.share.archive import form
from medjax.share.archive.sums import digest, rendered_sums
from medjax.share.verification import verify_and_keep

NOBODY = "nobody vouches for who made it"


@pytest.fixture
def site(tmp_path, bundle):
    """Keys of the site and of somebody else, and its bundle unsigned and signed."""
    prints = {name: signing.make_keys(tmp_path / name) for name in ("site", "other")}
    archive.write(tmp_path / "unsigned.zip", bundle)
    for name in prints:
        archive.write(tmp_path / f"{name}.zip", bundle, key=tmp_path / name)
    return tmp_path, prints


def changed(path, tmp_path):
    """A whole bundle with another text under the signature of the first."""
    with path.open("rb") as stream:
        entries = dict(form.contents_of(stream, form.members_of(stream)))
    entries["README.md"] = b"Something else."
    sums = {k: digest(v) for k, v in entries.items() if k not in ("SHA256SUMS", "SIGNATURE")}
    entries["SHA256SUMS"] = rendered_sums(sums)
    (tmp_path / "changed.zip").write_bytes(form.rendered(entries))
    return tmp_path / "changed.zip"


def test_signed_as_asked(site):
    folder, prints = site
    for key in (folder / "site.pub", prints["site"], prints["site"].upper()):
        report = verify(folder / "site.zip", key=key)
        assert report.ok and report.signed_by == prints["site"]
        whole, signed = report.sentences
        assert whole.startswith("Whole: its 7 entries have the digests")
        assert signed == f"Signed by {prints['site']}, as asked, and not changed since."


def test_four_states_are_four_sentences(site):
    folder, prints = site
    key = folder / "site.pub"
    found = {
        "unsigned": verify(folder / "unsigned.zip", key=key),
        "another key": verify(folder / "other.zip", key=key),
        "changed": verify(changed(folder / "site.zip", folder), key=key),
    }
    assert not any(report.ok for report in found.values())
    assert [report.sentences[-1].split(":")[0] for report in found.values()] == [
        "Unsigned",
        "Signed by another key",
        "Changed after signing",
    ]
    assert found["unsigned"].signed_by is None and found["changed"].signed_by is None
    assert found["another key"].signed_by == prints["other"]
    assert prints["other"] in found["another key"].sentences[-1]


def test_nothing_reads_what_was_changed_after_signing(site, monkeypatch):
    folder, prints = site
    path = changed(folder / "site.zip", folder)
    with pytest.raises(UserError) as error:
        archive.read(path)
    assert str(error.value) == (
        f"{path} was changed after signing: the signature of {prints['site']} does not fit"
    )
    assert archive.read(folder / "site.zip") == archive.read(folder / "unsigned.zip")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    assert archive.read(path)["README.md"] == b"Something else."


def test_without_a_key_nobody_vouches(site):
    folder, prints = site
    unsigned, signed = verify(folder / "unsigned.zip"), verify(folder / "site.zip")
    assert unsigned.ok and unsigned.sentences[-1] == f"Unsigned: {NOBODY}."
    assert signed.ok and signed.signed_by == prints["site"]
    assert NOBODY in signed.sentences[-1] and prints["site"] in signed.sentences[-1]
    again = verify(changed(folder / "site.zip", folder))
    assert not again.ok and again.sentences[-1].startswith("Changed after signing")


def test_a_signature_of_nothing(site, bundle):
    """A key that fits any text does not become that of the site."""
    folder, prints = site
    entries = dict(bundle)
    entries["SHA256SUMS"] = rendered_sums({k: digest(v) for k, v in entries.items()})
    entries["SIGNATURE"] = signing.keys.Signature(bytes(32), bytes(64)).rendered()
    (folder / "evil.zip").write_bytes(form.rendered(dict(sorted(entries.items()))))
    assert not verify(folder / "evil.zip", key=prints["site"]).ok


def test_the_digest_names_the_content(site, bundle):
    folder, _ = site
    digests = {verify(folder / f"{name}.zip").digest for name in ("unsigned", "site", "other")}
    sums = "".join(f"{hashlib.sha256(bundle[k]).hexdigest()}  {k}\n" for k in sorted(bundle))
    assert digests == {hashlib.sha256(sums.encode()).hexdigest()}


def test_entries_are_those_that_were_checked(site, bundle):
    folder, prints = site
    report, kept = verify_and_keep(folder / "site.zip", key=prints["site"], names=["card.json"])
    assert report.ok and kept["card.json"] == bundle["card.json"]
    (folder / "site.zip").write_bytes(b"PK")
    report, kept = verify_and_keep(folder / "site.zip", names=["card.json"])
    assert not report.ok and kept == {}


def test_without_cryptography(site, monkeypatch):
    folder, prints = site
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    report = verify(folder / "site.zip")
    assert report.ok and report.signed_by is None
    assert "was not checked, so nobody vouches" in report.sentences[-1]
    with pytest.raises(UserError, match="need cryptography"):
        verify(folder / "site.zip", key=prints["site"])
    assert not verify(folder / "unsigned.zip", key=prints["site"]).ok


def test_a_wrong_key_is_said_before_the_file_is_read(site):
    with pytest.raises(UserError, match="is no fingerprint"):
        verify(site[0] / "none.zip", key="SHA256:1")
