"""Bundles for the tests: a small whole one, and a maker of zip files that breaks any rule."""

import hashlib
import io
import struct
import types
import zlib

import numpy as np
import pytest
from PIL import Image


def picture(array):
    """A PNG as Pillow writes it."""
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def small_entries():
    """The entries of a bundle of about two kilobytes, one of each kind."""
    from medjax.share.archive.form import rendered

    arrays = {"images": np.zeros((1, 2, 2, 1), np.float32), "labels": np.zeros(1, np.int32)}
    return {
        "README.md": "Ein Bild – one image.\n".encode(),
        "card.json": b'{"title": "One image"}\n',
        "synthetic.npz": rendered({f"{k}.npy": npy(v) for k, v in arrays.items()}),
        "train/cät/0000.png": picture(np.arange(4, dtype=np.uint8).reshape(2, 2)),
        "train/metadata.csv": "file_name,label\ncät/0000.png,0\n".encode(),
    }


def npy(array, *, pickled=False):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=pickled)
    return stream.getvalue()


def craft(*entries, sums=True, before=b"", gap=b"", after=b"", comment=b"", **end):
    """A zip file of dicts with ``name`` and ``data``, in which each field may lie.

    What is not given is as in a bundle. ``local`` and ``listed`` override fields of the header and
    of the directory, ``end`` those of the last record.
    """
    entries = [{"data": b"", **entry} for entry in entries]
    if sums:
        lines = sorted((e["name"], hashlib.sha256(e["data"]).hexdigest()) for e in entries)
        text = b"".join(f"{digest}  ".encode() + name + b"\n" for name, digest in lines)
        entries = [*entries, {"name": b"SHA256SUMS", "data": text}]
        entries.sort(key=lambda entry: entry["name"])
    file, directory = before, b""
    for entry in entries:
        header, record, stored = _entry(entry, len(file))
        file += header + stored + gap
        directory += record
    values = {"disk": 0, "directory_disk": 0, "here": len(entries), "count": len(entries)}
    values |= {"size": len(directory), "start": len(file), "length": len(comment)} | end
    return file + directory + struct.pack("<4s4H2LH", b"PK\5\6", *values.values()) + comment + after


def _entry(entry, offset):
    name, data = entry["name"], entry["data"]
    stored = entry.get("stored", data)
    fields = {
        "version": 20,
        "flags": 0 if name.isascii() else 0x800,
        "method": 0,
        "time": 0,
        "date": 0x21,
        "crc": zlib.crc32(data),
        "packed": len(stored),
        "size": len(data),
        "name_length": len(name),
        "extra_length": len(entry.get("extra", b"")),
    } | {key: value for key, value in entry.items() if key in _FIELDS}
    local = fields | entry.get("local", {})
    header = struct.pack("<4s5H3L2H", b"PK\3\4", *local.values())
    header += entry.get("local_name", name) + entry.get("extra", b"")
    listed = {"system": 3 << 8 | 20} | fields | {"extra_length": len(entry.get("more", b""))}
    listed |= {"comment_length": len(entry.get("note", b"")), "disk": 0, "internal": 0}
    listed |= {"mode": 0o644 << 16, "offset": offset} | entry.get("listed", {})
    record = struct.pack("<4s6H3L5H2L", b"PK\1\2", *listed.values())
    return header, record + name + entry.get("more", b"") + entry.get("note", b""), stored


_FIELDS = ("version", "flags", "method", "time", "date", "crc", "packed", "size")


@pytest.fixture(scope="session")
def bundle():
    """The entries of a small bundle, by name."""
    return small_entries()


@pytest.fixture(scope="session")
def tools():
    """Makers of files: ``craft``, ``npy``, ``picture``, and ``npz`` in the form of a bundle."""
    from medjax.share.archive.form import rendered

    return types.SimpleNamespace(craft=craft, npy=npy, picture=picture, npz=rendered)
