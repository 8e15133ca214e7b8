"""Damage by chance and by trial: no changed byte passes, and nothing but a line comes out."""

import hashlib
import io
import re
import tracemalloc

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.share import archive, signing, verify
from medjax.share.archive import form
from medjax.share.archive.reading import checked
from medjax.share.archive.refused import RefusedError

FUZZED = 1000  # of each of the two bundles
FIELDS = [
    bytes(4),
    b"\xff" * 4,
    b"\x00\x08",
    b"\x08\x00",
    b"\x01\x00",
    b"PK\5\6",
    b"PK\1\2",
    b"PK\3\4",
]
SEED = 19


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def whole(request, tmp_path_factory, bundle):
    """The bytes of a bundle of about two kilobytes."""
    folder = tmp_path_factory.mktemp("whole")
    key = None
    if request.param == "signed":
        key = folder / "key"
        signing.make_keys(key)
    archive.write(folder / "a.zip", bundle, key=key)
    return (folder / "a.zip").read_bytes()


def is_refused(content):
    try:
        for _ in checked(io.BytesIO(content)):
            pass
    except RefusedError:
        return True
    return False


def test_every_flipped_bit_is_found(whole):
    assert not is_refused(whole)
    changed = bytearray(whole)
    for place in range(len(whole)):
        for bit in range(8):
            changed[place] ^= 1 << bit
            assert is_refused(bytes(changed)), f"bit {bit} of byte {place}"
            changed[place] ^= 1 << bit
    assert changed == whole


def test_every_flipped_byte_of_a_file_is_found(whole, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    assert verify(path).ok
    with path.open("rb+", buffering=0) as stream:
        for place in range(len(whole)):
            stream.seek(place)
            stream.write(bytes([whole[place] ^ 0xFF]))
            assert not verify(path).ok, f"byte {place}"
            stream.seek(place)
            stream.write(whole[place : place + 1])
    assert verify(path).ok


def test_every_shorter_file_is_refused(whole):
    assert all(is_refused(whole[:length]) for length in range(len(whole)))


def test_every_inserted_or_missing_byte_is_found(whole):
    for place in range(len(whole) + 1):
        assert is_refused(whole[:place] + b"\0" + whole[place:])
        assert place == len(whole) or is_refused(whole[:place] + whole[place + 1 :])


def fuzzed(rng, whole):
    """A file with one to three mutations."""
    file = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        one, other = sorted(rng.integers(0, len(file) + 1, 2).tolist())
        kind = rng.integers(6)
        if kind == 0:  # flips
            for place in rng.integers(0, max(len(file), 1), 3):
                file[place : place + 1] = bytes([rng.integers(256)])
        elif kind == 1:  # truncation
            file = file[:other]
        elif kind == 2:  # insertion
            file[one:one] = rng.bytes(rng.integers(1, 40))
        elif kind == 3:  # splice: a part is repeated or replaces another one
            file[other : other + rng.integers(0, 60)] = file[one : one + rng.integers(1, 200)]
        elif kind == 4:  # a part is lost
            del file[one : one + rng.integers(1, 60)]
        else:  # a field of a header
            places = [found.start() for found in re.finditer(b"PK", file)] or [0]
            place = rng.choice(places) + rng.integers(0, 48)
            field = FIELDS[rng.integers(len(FIELDS))]
            file[place : place + len(field)] = field
    return bytes(file)


def test_fuzzed_files_are_refused_in_little_memory(whole, tmp_path):
    rng, path = np.random.default_rng(SEED), tmp_path / "a.zip"
    tracemalloc.start()
    try:
        for number in range(FUZZED):
            file = fuzzed(rng, whole)
            path.write_bytes(file)
            report = verify(path)
            assert report.ok == (file == whole), number
            assert report.ok or len(report.sentences) == 1
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()
    assert [x.name for x in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("name", ["synthetic.npz", "card.json", "train/cät/0000.png"])
def test_fuzzed_entries_in_a_whole_file_end_with_a_line(name, bundle):
    """The parsers of contents see them, because sums and checksums are made anew."""
    rng, refused = np.random.default_rng(SEED), 0
    tracemalloc.start()
    try:
        for _ in range(250):
            refused += is_refused(
                form.rendered(resummed({**bundle, name: fuzzed(rng, bundle[name])}))
            )
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert refused > 200


def test_fuzzed_headers_of_arrays_end_with_a_line(tools):
    """The parser of headers sees them, because the npz has its checksums anew."""
    rng, refused = np.random.default_rng(SEED), 0
    array = tools.npy(np.zeros((2, 3), np.float32))
    for _ in range(250):
        inner = tools.npz({"x.npy": fuzzed(rng, array)})
        refused += is_refused(form.rendered(resummed({"a.npz": inner})))
    assert refused > 200


def resummed(entries):
    sums = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in entries.items())
    text = "".join(f"{digest}  {name}\n" for name, digest in sums).encode()
    return dict(sorted({**entries, "SHA256SUMS": text}.items()))


def test_reading_is_all_or_nothing(whole, tmp_path, bundle):
    path = tmp_path / "a.zip"
    path.write_bytes(whole)
    assert archive.read(path) == bundle
    path.write_bytes(whole.replace(b"One image", b"Two image"))
    with pytest.raises(UserError, match=r"'card\.json' have another checksum"):
        archive.read(path)
