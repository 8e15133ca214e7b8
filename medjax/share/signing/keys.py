"""Ed25519 keys in PEM files: made, read, and used to sign and to check."""

import os
import pathlib
import re
import stat
import warnings
from typing import Any

from medjax.errors import UserError
from medjax.share.signing.signature import FINGERPRINT, Signature, fingerprint, signed_text

_OWNER = stat.S_IRUSR | stat.S_IWUSR
_HEX = re.compile("[0-9a-fA-F]{64}")


def make_keys(path: str | os.PathLike[str]) -> str:
    """Makes a private key, ``path``, and its public key, ``path`` with ``.pub`` at its end.

    Args:
      path: the file of the private key, PKCS8 in PEM without a password. Its owner alone may read
        it. Neither file may exist.

    Returns:
      The fingerprint of the public key.

    Raises:
      UserError: if a file exists or cannot be written, or cryptography is missing.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     made = make_keys(f"{folder}/site_a.key")
      ...     made == pinned(f"{folder}/site_a.key.pub")
      True
    """
    serialization, ed25519 = _cryptography()
    private = ed25519.Ed25519PrivateKey.generate()
    pem, raw = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, raw)
    open_form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(pem, open_form)
    path = pathlib.Path(path)
    _write_new(pathlib.Path(f"{path}.pub"), public, 0o644)
    try:
        _write_new(path, secret, _OWNER)
    except BaseException:
        pathlib.Path(f"{path}.pub").unlink()
        raise
    return fingerprint(private.public_key().public_bytes_raw())


def sign(path: str | os.PathLike[str], sums: bytes) -> Signature:
    """Signs the digests of a bundle.

    Args:
      path: the file of a private key.
      sums: the entry ``SHA256SUMS``.

    Returns:
      The signature.

    Raises:
      UserError: if the file is no private Ed25519 key, or cryptography is missing.

    Warns:
      UserWarning: if others may read the file.
    """
    serialization, ed25519 = _cryptography()
    content = _content(path)
    try:
        private = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, _unsupported()) as error:
        raise UserError(f"{path} is no private key without a password, in PEM") from error
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise UserError(f"{path} is no Ed25519 key; medjax share keygen makes one")
    if _is_open(path):
        warnings.warn(f"others than its owner may read {path}: chmod 600 it", stacklevel=2)
    key = private.public_key().public_bytes_raw()
    return Signature(key, private.sign(signed_text(key, sums)))


def is_signed(signature: Signature, sums: bytes) -> bool:
    """Returns whether a signature fits the digests of a bundle, whoever holds its key.

    Args:
      signature: the signature.
      sums: the entry ``SHA256SUMS``.

    Raises:
      UserError: if cryptography is missing.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     _ = make_keys(f"{folder}/a.key")
      ...     signature = sign(f"{folder}/a.key", b"one")
      >>> is_signed(signature, b"one"), is_signed(signature, b"another")
      (True, False)
    """
    _, ed25519 = _cryptography()
    from cryptography.exceptions import InvalidSignature

    try:
        public = ed25519.Ed25519PublicKey.from_public_bytes(signature.key)
        public.verify(signature.value, signed_text(signature.key, sums))
    except (InvalidSignature, ValueError):
        return False
    return True


def pinned(key: str | os.PathLike[str]) -> str:
    """Returns the fingerprint of a key that a receiver trusts.

    Args:
      key: the file of a public key in PEM, or its fingerprint, with ``SHA256:`` or without it.

    Raises:
      UserError: if it is neither, or cryptography is missing.

    Example:
      >>> pinned("SHA256:12")
      Traceback (most recent call last):
      medjax.errors.UserError: 'SHA256:12' is no fingerprint, which is SHA256: and 64 digits in hex
    """
    text = os.fspath(key).strip()
    if not text:
        raise UserError("the key is empty; give the file of a public key, or its fingerprint")
    if _HEX.fullmatch(text) and not os.path.lexists(text):
        text = f"SHA256:{text}"
    if text.upper().startswith("SHA256:"):
        text = f"SHA256:{text[7:].strip().lower()}"
        if not FINGERPRINT.fullmatch(text):
            raise UserError(f"{key!r} is no fingerprint, which is SHA256: and 64 digits in hex")
        return text
    serialization, ed25519 = _cryptography()
    content = _content(key)
    if b"PRIVATE KEY" in content:
        raise UserError(f"{key} is a private key, which stays with its owner; give the public one")
    try:
        public = serialization.load_pem_public_key(content)
    except (ValueError, _unsupported()) as error:
        raise UserError(f"{key} is no public key in PEM, as medjax share keygen makes") from error
    if not isinstance(public, ed25519.Ed25519PublicKey):
        raise UserError(f"{key} is no Ed25519 key, as medjax share keygen makes")
    return fingerprint(public.public_bytes_raw())


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the key {path}: {error.strerror}") from error


def _is_open(path: str | os.PathLike[str]) -> bool:
    """Returns whether others than its owner may read a file."""
    try:
        mode = os.stat(path).st_mode
    except OSError:  # it is gone, and nobody reads it
        return False
    return os.name == "posix" and bool(mode & (stat.S_IRWXG | stat.S_IRWXO))


def _write_new(path: pathlib.Path, content: bytes, mode: int) -> None:
    """Writes a file that does not exist, and that never had another mode."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            raise UserError(f"{path} exists, and keys are never overwritten; choose another")
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            path.unlink()
            raise
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UserError("signatures need cryptography: pip install -e '.[sign]'") from error
    return serialization, ed25519


def _unsupported() -> type[Exception]:
    from cryptography.exceptions import UnsupportedAlgorithm

    return UnsupportedAlgorithm
