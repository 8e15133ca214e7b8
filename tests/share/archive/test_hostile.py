"""Files that somebody made to harm the reader: each is refused with one line, in little memory."""

import contextlib
import io
import os
import pathlib
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from medjax.cli import share as command
from medjax.errors import UserError
from medjax.share import archive, load, verify
from medjax.share.archive import reading

MEBIBYTE = 2**20
EVIL = b"../" * 3 + b"evil.md"
BIG = 2**32 - 1


def md(name, data=b"x", **fields):
    return {"name": name, "data": data, **fields}


def named(name):
    return lambda t: t.craft(md(name))


def npz(array, **fields):
    """A bundle with one npz, whose one array has the given bytes."""
    return lambda t: t.craft(md(b"a.npz", t.craft(md(b"x.npy", array(t), **fields), sums=False)))


def header(text, data=b""):
    """The bytes of an array with any header."""
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text.encode() + data


def shaped(shape, descr="'<f4'", fortran=False, data=b""):
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"
    return lambda t: header(text, data)


def png(*chunks):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def pixels(width, height, data, *more):
    size = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return png((b"IHDR", size), *more, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))


def picture(data):
    return lambda t: t.craft(md(b"a.png", data))


def deflated(data):
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def compressed(t):
    zeros = bytes(4 * MEBIBYTE)
    return t.craft(md(b"a.md", zeros, stored=deflated(zeros), method=8))


def quine(t):
    """A directory whose entries are all the same bytes of the file."""
    kernel = deflated(bytes(MEBIBYTE))
    entries = [
        md(f"{n:03}.md".encode(), bytes(MEBIBYTE), stored=kernel, method=8, listed={"offset": 0})
        for n in range(100)
    ]
    return t.craft(*entries, sums=False)


def overlap(t):
    whole = md(b"a.md", bytes(100))
    return t.craft(whole, md(b"b.md", b"x", listed={"offset": 0}))


def zip64_end(t):
    """The end record of zip64, whose numbers replace those of the old one."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, 98, 100)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 200, 1)
    whole = t.craft(md(b"a.md"))
    return whole[:-22] + record + locator + whole[-22:]


def swapped(t):
    """Entries that are not sorted."""
    one, other = md(b"b.md"), md(b"a.md")
    listed = t.craft(one, other)
    return t.craft(md(b"b.md"), md(b"a.md"), md(b"SHA256SUMS", sums_of(listed)), sums=False)


def sums_of(file):
    with zipfile.ZipFile(io.BytesIO(file)) as zipped:
        return zipped.read("SHA256SUMS")


def with_sums(text):
    return lambda t: t.craft(md(b"SHA256SUMS", text), md(b"a.md"), sums=False)


def signed(text):
    return lambda t: t.craft(md(b"SHA256SUMS", b""), md(b"SIGNATURE", text), sums=False)


def json_of(text):
    return lambda t: t.craft(md(b"card.json", text))


HOSTILE = {
    # No zip file, or more than one
    "an empty file": (lambda t: b"", "it has 0 bytes"),
    "a text": (lambda t: b"<html>not found</html>" * 9, "is no zip file"),
    "no entries": (lambda t: t.craft(sums=False), "SHA256SUMS does not list"),
    "bytes before": (lambda t: t.craft(md(b"a.md"), before=b"#!/bin/sh\n"), "10 as its offset"),
    "bytes before, not counted": (lambda t: b"#!/bin/sh\n" + t.craft(md(b"a.md")), "bytes before"),
    "bytes after": (lambda t: t.craft(md(b"a.md"), after=b"\0"), "bytes or a comment at its end"),
    "another zip after": (lambda t: t.craft(md(b"b.md")) + t.craft(md(b"a.md")), "bytes before"),
    "a comment": (lambda t: t.craft(md(b"a.md"), comment=b"hi"), "a comment at its end"),
    "a comment like an end": (
        lambda t: t.craft(md(b"a.md"), comment=t.craft(sums=False)),
        "directory|bytes before",
    ),
    "a gap between entries": (lambda t: t.craft(md(b"a.md"), gap=b"\0"), "as its offset"),
    "cut short": (lambda t: t.craft(md(b"a.md"))[:-30], "is no zip file"),
    # The end record
    "several disks": (lambda t: t.craft(md(b"a.md"), disk=1), "1 as its disk"),
    "directory on another disk": (lambda t: t.craft(md(b"a.md"), directory_disk=1), "disk"),
    "two counts": (lambda t: t.craft(md(b"a.md"), here=1), "number of entries on this disk"),
    "a count too high": (lambda t: t.craft(md(b"a.md"), here=9, count=9), "lists 2 entries"),
    "a count too low": (lambda t: t.craft(md(b"a.md"), here=1, count=1), "bytes behind its last"),
    "a count of 65,535": (
        lambda t: t.craft(md(b"a.md"), here=65535, count=65535),
        "65,535 entries",
    ),
    "a directory too large": (lambda t: t.craft(md(b"a.md"), size=BIG), "bytes before"),
    "a directory outside": (lambda t: t.craft(md(b"a.md"), start=BIG), "bytes before"),
    "a directory of no entry": (lambda t: t.craft(md(b"a.md"), here=0, count=0), "too many"),
    "zip64 end record": (zip64_end, "bytes before"),
    "zip64 numbers": (
        lambda t: t.craft(md(b"a.md"), here=65535, count=65535, size=BIG, start=BIG),
        "bytes before",
    ),
    # Entries
    "a zip bomb": (compressed, "8 as its method of compression"),
    "a zip bomb that overlaps itself": (quine, "8 as its method of compression"),
    "overlapping entries": (overlap, "0 as its offset"),
    "zip64 sizes": (
        lambda t: t.craft(md(b"a.md", packed=BIG, size=BIG, extra=b"\1\0\x10\0" + bytes(16))),
        "more than 2,147,483,647 bytes|extra",
    ),
    "encrypted": (lambda t: t.craft(md(b"a.md", flags=1)), "1 as its flags"),
    "strongly encrypted": (lambda t: t.craft(md(b"a.md", flags=65)), "65 as its flags"),
    "a data descriptor": (
        lambda t: t.craft(md(b"a.md", flags=8, local={"crc": 0, "packed": 0, "size": 0})),
        "8 as its flags",
    ),
    "a patch": (lambda t: t.craft(md(b"a.md", flags=32)), "32 as its flags"),
    "a wrong checksum": (lambda t: t.craft(md(b"a.md", crc=1)), "another checksum"),
    "a checksum of the header": (lambda t: t.craft(md(b"a.md", local={"crc": 1})), "header of"),
    "another size in the header": (lambda t: t.craft(md(b"a.md", local={"size": 9})), "size"),
    "another name in the header": (
        lambda t: t.craft(md(b"a.md", local_name=b"b.md")),
        "another name",
    ),
    "a way out in the header": (
        lambda t: t.craft(md(b"a.md", local_name=EVIL, local={"name_length": len(EVIL)})),
        "length of the name|offset",
    ),
    "a huge size": (lambda t: t.craft(md(b"a.md", size=BIG, packed=BIG)), "claim more than"),
    "a size beyond the file": (
        lambda t: t.craft(md(b"a.md", size=10**6, packed=10**6)),
        "its entries end at 1,000,",
    ),
    "a negative offset": (lambda t: t.craft(md(b"a.md", listed={"offset": BIG})), "its offset"),
    "two sizes": (lambda t: t.craft(md(b"a.md", packed=0)), "0 as its compressed size"),
    "an extra field": (lambda t: t.craft(md(b"a.md", extra=b"UT\1\0x")), "extra field"),
    "an extra field in the directory": (
        lambda t: t.craft(md(b"a.md", more=b"UT\1\0x")),
        "extra field",
    ),
    "a name in an extra field": (
        lambda t: t.craft(md(b"a.md", extra=b"up\x0c\0\1" + bytes(4) + b"evil.md")),
        "extra field",
    ),
    "a comment of an entry": (lambda t: t.craft(md(b"a.md", note=b"hi")), "comment"),
    "a date": (lambda t: t.craft(md(b"a.md", date=0x5A21)), "as its date"),
    "a time": (lambda t: t.craft(md(b"a.md", time=1)), "as its time"),
    "another system": (lambda t: t.craft(md(b"a.md", listed={"system": 20})), "as its system"),
    "a later version": (lambda t: t.craft(md(b"a.md", version=45)), "as its version"),
    "an entry on another disk": (lambda t: t.craft(md(b"a.md", listed={"disk": 1})), "its disk"),
    "a symbolic link": (
        lambda t: t.craft(md(b"a.md", b"/etc/passwd", listed={"mode": 0o120777 << 16})),
        "kind of file",
    ),
    "a device": (lambda t: t.craft(md(b"a.md", listed={"mode": 0o020666 << 16})), "kind of file"),
    "a program of its owner's rights": (
        lambda t: t.craft(md(b"a.md", listed={"mode": 0o4755 << 16})),
        "kind of file",
    ),
    "a folder": (lambda t: t.craft(md(b"train/", b"")), "has a part ''"),
    "a folder of DOS": (lambda t: t.craft(md(b"a.md", listed={"mode": 16})), "kind of file"),
    # Names
    "an absolute path": (named(b"/etc/evil.md"), "has a part ''"),
    "a way out": (named(EVIL), "has a part '..'"),
    "a way out in the middle": (named(b"train/../../evil.md"), "has a part '..'"),
    "this folder": (named(b"./a.md"), "has a part '.'"),
    "a backslash": (named(b"..\\evil.md"), "has the character"),
    "a drive": (named(b"C:/evil.md"), "has the character ':'"),
    "a stream of NTFS": (named(b"a.md:evil.md"), "has the character ':'"),
    "a share of Windows": (named(b"//host/a.md"), "has a part ''"),
    "a zero": (named(b"a.md\0.png"), "has the character"),
    "a line end": (named(b"a\n.md"), "has the character"),
    "an escape code": (named(b"\x1b[2Ja.md"), "has the character"),
    "text turned round": (named("a\u202egnp.md".encode()), "has the character"),
    "an invisible character": (named("a\u200b.md".encode()), "has the character"),
    "a device of Windows": (named(b"train/CON.md"), "a device of Windows"),
    "a device of Windows, small": (named(b"aux.foo.md"), "a device of Windows"),
    "a port of Windows": (named("com\u00b9.md".encode()), "a device of Windows"),
    "a dot at the end": (named(b"train./a.md"), "has a part"),
    "a space at the end": (named(b"train /a.md"), "has a part"),
    "a hidden file": (named(b".ssh/a.md"), "has a part"),
    "a short name of Windows": (named(b"README~1.md"), "has the character '~'"),
    "an empty name": (named(b""), "has a part ''"),
    "a long name": (named(b"a" * 250 + b".md"), "a name has 253 bytes"),
    "a deep name": (named(b"a/b/c/d/e.md"), "has 5 parts"),
    "a name in Latin-1": (named(b"l\xe9sion.md"), "is not UTF-8"),
    "a surrogate": (named(b"\xed\xa0\x80.md"), "is not UTF-8"),
    "an overlong slash": (named(b"..\xc0\xafevil.md"), "is not UTF-8"),
    "a decomposed letter": (named("e\u0301.md".encode()), "normal form NFC"),
    "composed and decomposed": (
        lambda t: t.craft(md("\u00e9.md".encode()), md("e\u0301.md".encode())),
        "normal form NFC",
    ),
    "a duplicate": (lambda t: t.craft(md(b"a.md"), md(b"a.md")), "is there twice"),
    "case alone": (lambda t: t.craft(md(b"a.md"), md(b"A.md")), "differ in case alone"),
    "folders by case alone": (
        lambda t: t.craft(md(b"A/a.md"), md(b"a/b.md")),
        "differ in case alone",
    ),
    "sharp s": (
        lambda t: t.craft(md("stra\u00dfe.md".encode()), md(b"strasse.md")),
        "differ in case alone",
    ),
    "a file that is a folder": (
        lambda t: t.craft(md(b"a.md"), md(b"a.md/b.md")),
        "of a file and of a folder",
    ),
    "not sorted": (swapped, "is not sorted"),
    "too many entries": (
        lambda t: t.craft(md(b"a.md"), here=2**15 + 1, count=2**15 + 1),
        "32,769 entries",
    ),
    # Contents
    "another zip inside": (named(b"inner.zip"), "ends with none of"),
    "another bundle inside, as npz": (
        lambda t: t.craft(md(b"a.npz", t.craft(md(b"b.md")))),
        "is no name of an array",
    ),
    "another zip inside, as PNG": (
        lambda t: t.craft(md(b"a.png", t.craft(md(b"b.md")))),
        "it is not a PNG",
    ),
    "a pickle": (named(b"model.pkl"), "ends with none of"),
    "a program": (named(b"bundle.py"), "ends with none of"),
    "a page": (named(b"README.html"), "ends with none of"),
    "no end to the name": (named(b"Makefile"), "ends with none of"),
    "sums missing": (lambda t: t.craft(md(b"a.md"), sums=False), "SHA256SUMS does not list"),
    "sums of other bytes": (with_sums(b"0" * 64 + b"  a.md\n"), "SHA256SUMS does not list"),
    "sums of too few": (with_sums(b""), "SHA256SUMS does not list"),
    "no signature": (signed(b"signed, the director\n"), "SIGNATURE has another form"),
    "a signature and more": (
        signed(
            b"medjax bundle signature 1\nkey: ed25519 %s\nsignature: %s\n\n"
            % (b"0" * 64, b"0" * 128)
        ),
        "SIGNATURE has another form",
    ),
    "text that is no text": (lambda t: t.craft(md(b"a.md", b"\xff")), "a.md: it is not UTF-8"),
    "text that moves the cursor": (lambda t: t.craft(md(b"a.md", b"\x1b[2J")), "control character"),
    "JSON too deep": (json_of(b"[" * 100_000 + b"]" * 100_000), "nested deeper"),
    "JSON a little too deep": (json_of(b"[" * 65 + b"]" * 65), "nested deeper than 64"),
    "JSON with a key twice": (json_of(b'{"a": 1, "a": 2}'), "a key twice"),
    "JSON that is none": (json_of(b"{"), "it is not JSON"),
    "JSON with a huge number": (json_of(b"1" * 10_000), "a number of 10,000 digits"),
    "JSON with no number": (json_of(b"[NaN]"), "the number NaN, which is not finite"),
    "JSON with an infinite number": (json_of(b"[1e999]"), "1e999, which is not finite"),
    "JSON with half a character": (json_of(rb'{"a\ud800": 1}'), "half a character"),
    "JSON with an empty file": (json_of(b""), "it is not JSON"),
    "a huge JSON": (json_of(b"[" + b"[]," * 2**21 + b"0]"), "more than 4,194,304"),
    # npz
    "npz compressed": (
        lambda t: t.craft(md(b"a.npz", compressed_npz())),
        "as its system",
    ),
    "npz of objects": (
        npz(lambda t: t.npy(np.array([print], object), pickled=True)),
        r"the dtype '\|O'",
    ),
    "npz of objects, in the header alone": (npz(shaped("(1,)", "'|O'")), "has the dtype"),
    "npz of records": (npz(shaped("(1,)", "[('a', '|O'), ('b', '<f4')]")), "has the dtype"),
    "npz of void": (npz(shaped("(1,)", "'|V99999999'")), "has the dtype"),
    "npz of endless text": (npz(shaped("(1,)", "'<U99999999'")), "has the dtype"),
    "npz of text that no dtype is": (npz(shaped("(1,)", "'<U999999999'")), "no header of an"),
    "npz of empty text": (npz(shaped("(1000000000000,)", "'<U0'")), "has the dtype"),
    "npz of dates": (npz(shaped("(0,)", "'<M8[D]'")), "has the dtype"),
    "npz of the other end": (npz(shaped("(1,)", "'>f4'", data=bytes(4))), "has the dtype"),
    "npz by columns": (npz(shaped("(2, 2)", fortran=True, data=bytes(16))), "by columns"),
    "npz of a giant shape": (npz(shaped("(999999, 999999, 999999)")), "is too large"),
    "npz of a giant shape and none": (npz(shaped("(0, 999999999, 999999999)")), "is too large"),
    "npz of a shape that overflows": (npz(shaped(f"({2**62}, 4)")), "is too large"),
    "npz of a negative shape": (npz(shaped("(-1, -1)", data=bytes(4))), "is too large"),
    "npz of many axes": (npz(shaped(f"({'1,' * 40})", data=bytes(4))), "is too large"),
    "npz with too few bytes": (npz(shaped("(4,)", data=bytes(15))), "its header says"),
    "npz with too many bytes": (npz(shaped("(4,)", data=bytes(17))), "its header says"),
    "npz with a program as header": (
        npz(lambda t: header("__import__('os').system('echo evil')")),
        "no header of an array",
    ),
    "npz with a deep header": (npz(lambda t: header("(" * 5000)), "no header of an array"),
    "npz with a header of Python 2": (
        npz(lambda t: header("{'descr': '<f4', 'fortran_order': False, 'shape': (0L,), }")),
        "no header of an array",
    ),
    "npz without a header": (npz(lambda t: b"PK"), "no header of an array"),
    "npz of another version": (
        npz(lambda t: b"\x93NUMPY\x09\0" + bytes(100)),
        "no header of an array",
    ),
    "npz of long double": (npz(shaped("(1,)", "'<f16'", data=bytes(16))), "has the dtype"),
    "npz of truth values": (npz(shaped("(1,)", "'|b1'", data=b"\7")), "has the dtype"),
    "npz of text beyond Unicode": (npz(shaped("()", "'<U1'", data=b"\xff" * 4)), "no Unicode"),
    "npz of half a character": (
        npz(shaped("()", "'<U1'", data=b"\0\xd8\0\0")),
        "text that is no Unicode",
    ),
    "npz with a way out": (
        lambda t: t.craft(md(b"a.npz", t.craft(md(EVIL + b".npy"), sums=False))),
        "has a part '..'",
    ),
    "npz with an array twice": (
        lambda t: t.craft(md(b"a.npz", t.craft(*[md(b"x.npy", t.npy(0))] * 2, sums=False))),
        "one of them twice",
    ),
    "npz with bytes behind": (
        lambda t: t.craft(md(b"a.npz", t.craft(md(b"x.npy", t.npy(0)), sums=False, after=b"x"))),
        "at its end",
    ),
    # PNG
    "PNG of a giant shape": (picture(pixels(2**31 - 1, 2**31 - 1, b"")), "pixels; at most"),
    "PNG of no pixels": (picture(pixels(0, 10, b"")), "pixels; at most"),
    "PNG bomb": (picture(pixels(1, 1, bytes(64 * MEBIBYTE))), "fewer or more than its header"),
    "PNG with too few pixels": (picture(pixels(9, 9, bytes(89))), "fewer or more"),
    "PNG with a filter that none is": (
        picture(pixels(3, 2, b"\0abc\5abc")),
        "an unknown filter",
    ),
    "PNG with a text": (picture(pixels(1, 1, bytes(2), (b"tEXt", b"a\0Name"))), "b'tEXt'"),
    "PNG with a text bomb": (
        picture(pixels(1, 1, bytes(2), (b"zTXt", b"a\0\0" + zlib.compress(bytes(MEBIBYTE))))),
        "b'zTXt'",
    ),
    "PNG with a place and time": (picture(pixels(1, 1, bytes(2), (b"eXIf", b"MM"))), "b'eXIf'"),
    "PNG with bytes behind": (picture(pixels(1, 1, bytes(2)) + b"evil"), "cut short"),
    "PNG that moves": (picture(pixels(1, 1, bytes(2), (b"acTL", bytes(8)))), "b'acTL'"),
    "PNG of endless chunks": (
        picture(pixels(1, 1, bytes(2), *[(b"IDAT", b"")] * 20_000)),
        "more than 16,384 chunks",
    ),
    "PNG with a wrong checksum": (
        picture(pixels(1, 1, bytes(2))[:-1] + b"\0"),
        "another checksum",
    ),
    "PNG that is cut": (picture(pixels(1, 1, bytes(2))[:40]), "cut short"),
    "PNG of nothing": (picture(b"\x89PNG\r\n\x1a\n"), "start with IHDR"),
    "a JPEG as PNG": (picture(b"\xff\xd8\xff"), "it is not a PNG"),
}


def compressed_npz():
    stream = io.BytesIO()
    np.savez_compressed(stream, x=np.zeros(MEBIBYTE))
    return stream.getvalue()


def tree(folder):
    """All names below a folder, with the time and the size of each."""
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@contextlib.contextmanager
def few_bytes(most):
    """Fails if the block allocates more than some bytes at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_with_one_line(name, tmp_path, tools, monkeypatch, capsys):
    make, reason = HOSTILE[name]
    folder = tmp_path / "deep" / "in" / "folders"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    content = make(tools)
    pathlib.Path("evil.zip").write_bytes(content)
    before = tree(tmp_path)
    with few_bytes(4 * len(content) + 24 * MEBIBYTE):
        report = verify("evil.zip")
    assert not report.ok and report.digest is None and report.signed_by is None
    (sentence,) = report.sentences
    assert sentence.startswith("Not a whole bundle: ") and len(sentence) < 1000
    with pytest.raises(UserError, match=reason) as raised:
        archive.read("evil.zip")
    assert str(raised.value).startswith("evil.zip is not a whole bundle: ")
    with few_bytes(4 * len(content) + 24 * MEBIBYTE), pytest.raises(UserError):
        load("evil.zip")
    assert command.main(["share", "verify", "evil.zip"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "" and shown.out.removesuffix("\n").isprintable()
    assert tree(tmp_path) == before


def test_pictures_that_each_fit_are_refused_together(tmp_path, tools, monkeypatch):
    large = pixels(4096, 4096, bytes(4096 * 4097))
    (tmp_path / "a.zip").write_bytes(
        tools.craft(*(md(f"{n}.png".encode(), large) for n in range(4)))
    )
    assert verify(tmp_path / "a.zip").ok
    monkeypatch.setattr(reading, "MOST_BYTES", 2**26)
    with few_bytes(24 * MEBIBYTE):
        (sentence,) = verify(tmp_path / "a.zip").sentences
    assert "its entries unpack to more than 67,108,864 bytes" in sentence


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, reason in [
        (tmp_path, "is a folder; a bundle is the zip file"),
        (tmp_path / "pipe", "it is no file"),
        (pathlib.Path("/dev/zero"), "it is no file"),
        (tmp_path / "none", "No such file"),
    ]:
        with pytest.raises(UserError, match=reason):
            verify(path)


def test_there_are_many():
    assert len(HOSTILE) > 140
