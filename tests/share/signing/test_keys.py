"""Keys: made once, readable by their owner alone, and told apart from what is no key."""

import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa, x25519

from medjax.errors import UserError
from medjax.share import signing
from medjax.share.signing import keys
from medjax.share.signing.signature import Signature, fingerprint, parsed, signed_text

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
SUMS = b"%064d  a.md\n" % 7


@pytest.fixture
def key(tmp_path):
    signing.make_keys(tmp_path / "site.key")
    return tmp_path / "site.key"


def test_cryptography_reads_them(key):
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    public = serialization.load_pem_public_key(key.with_name("site.key.pub").read_bytes())
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    assert private.public_key() == public
    assert b"BEGIN PRIVATE KEY" in key.read_bytes()  # PKCS8


def test_the_owner_alone_reads_the_private_key(tmp_path):
    before = os.umask(0)
    try:
        signing.make_keys(tmp_path / "key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["site.key", "site.key.pub"])
def test_nothing_is_overwritten(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match=rf"{name} exists, and keys are never overwritten"):
        signing.make_keys(tmp_path / "site.key")
    assert {x.name: x.read_text() for x in tmp_path.iterdir()} == {name: "mine"}


def test_a_link_to_nowhere_is_not_followed(tmp_path):
    (tmp_path / "site.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="exists"):
        signing.make_keys(tmp_path / "site.key")
    assert not (tmp_path / "elsewhere").exists() and not (tmp_path / "site.key.pub").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        signing.make_keys(tmp_path / "file" / "key")


def test_a_signature_by_hand(key):
    """Ed25519 of cryptography, over the text that the docs describe."""
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    public = private.public_key().public_bytes_raw()
    made = signing.sign(key, SUMS)
    assert made.key == public and len(made.value) == 64
    text = f"medjax bundle signature 1\n{fingerprint(public)}\n".encode() + SUMS
    assert signed_text(public, SUMS) == text
    private.public_key().verify(made.value, text)
    assert signing.is_signed(made, SUMS)


def test_another_text_key_or_purpose_does_not_fit(key, tmp_path):
    made = signing.sign(key, SUMS)
    assert not signing.is_signed(made, SUMS + b"\n")
    signing.make_keys(tmp_path / "other")
    other = signing.sign(tmp_path / "other", SUMS)
    assert not signing.is_signed(Signature(other.key, made.value), SUMS)
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    assert not signing.is_signed(Signature(made.key, private.sign(SUMS)), SUMS)


def test_one_signature_has_one_form(key):
    made = signing.sign(key, SUMS)
    assert parsed(made.rendered()) == made
    text = made.rendered()
    for other in (text.upper(), text + b"\n", text[:-1], text.replace(b"\n", b"\r\n"), b""):
        with pytest.raises(UserError, match="another form"):
            parsed(other)


def test_a_fingerprint_or_a_file_is_pinned(key):
    public = key.with_name("site.key.pub")
    found = signing.pinned(public)
    assert found == signing.pinned(found) == signing.pinned(found.lower())
    assert found == signing.pinned(f" {found.removeprefix('SHA256:')}\n")
    assert found == fingerprint(signing.sign(key, SUMS).key)


def test_a_file_may_be_called_like_a_fingerprint(key, monkeypatch):
    monkeypatch.chdir(key.parent)
    public = key.with_name("site.key.pub")
    (key.parent / ("0" * 64)).write_bytes(public.read_bytes())
    assert signing.pinned("0" * 64) == signing.pinned(public)


def private_pem(made, *, password=None):
    hidden = serialization.BestAvailableEncryption(password) if password else None
    return made.private_bytes(PEM, PKCS8, hidden or serialization.NoEncryption())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no private key without a password"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private key"),
        (
            private_pem(ed25519.Ed25519PrivateKey.generate(), password=b"secret"),
            "is no private key without a password",
        ),
        (private_pem(x25519.X25519PrivateKey.generate()), "is no Ed25519 key"),
        (private_pem(rsa.generate_private_key(65537, 2048)), "is no Ed25519 key"),
    ],
)
def test_no_key_to_sign_with(content, reason, tmp_path):
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(UserError, match=reason):
        signing.sign(tmp_path / "key", SUMS)


def test_others_may_read_the_key(key):
    key.chmod(0o640)
    with pytest.warns(UserWarning, match="others than its owner may read"):
        signing.sign(key, SUMS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SHA256:", "is no fingerprint"),
        ("", "the key is empty"),
        ("0" * 63, "cannot read the key 000"),
        ("SHA256:" + "0" * 63, "is no fingerprint"),
        ("none.pub", "cannot read the key none.pub: No such file"),
        ("site.key", "is a private key, which stays with its owner"),
        ("empty", "is no public key in PEM"),
        ("x.pub", "is no Ed25519 key"),
    ],
)
def test_no_key_to_pin(text, reason, key, monkeypatch):
    monkeypatch.chdir(key.parent)
    (key.parent / "empty").write_bytes(b"")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    other = x25519.X25519PrivateKey.generate().public_key().public_bytes(PEM, form)
    (key.parent / "x.pub").write_bytes(other)
    with pytest.raises(UserError, match=reason):
        signing.pinned(text)


def test_without_cryptography(key, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives", None)
    for fails in (lambda: keys.sign(key, SUMS), lambda: keys.make_keys(key.with_name("b"))):
        with pytest.raises(UserError, match=r"need cryptography: pip install -e '\.\[sign\]'"):
            fails()
    assert signing.pinned("sha256:" + "0" * 64)
