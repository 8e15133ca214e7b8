"""Converts sources of pictures to arrays of bytes."""

import hashlib
import logging
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax.data.inspect import measuring
from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.data.prepare.resizing import FITS
from medjax.errors import UserError, unknown

_log = logging.getLogger("medjax")
_MODES = ("auto", "grey", "rgb")


class ConvertOptions(NamedTuple):
    """How pictures become images of one size.

    Attributes:
      mode: ``"grey"``, ``"rgb"``, or ``"auto"``: grey unless some picture has colours. It yields to
        a step of the preparation that sets the channels.
      fit: ``"pad"``, ``"crop"`` or ``"stretch"``, unless a step of the preparation resizes.
      skip_unreadable: whether files that cannot be decoded are skipped.
      threads: number of decoding threads; 0 for the number of available processors.
    """

    mode: str = "auto"
    fit: str = "pad"
    skip_unreadable: bool = False
    threads: int = 0


def check(options: ConvertOptions) -> None:
    """Raises ``UserError`` if the mode or fit is unknown, or a number is negative."""
    if options.mode not in _MODES:
        raise unknown("convert mode", options.mode, _MODES)
    if options.fit not in FITS:
        raise unknown("convert fit", options.fit, FITS)
    if options.threads < 0:
        raise UserError(f"convert threads must be at least 0, got {options.threads}")


class Part(NamedTuple):
    """The sources of a split in order, and the label or row of labels of each one's pictures."""

    sources: Sequence[decoding.Source]
    labels: Sequence[int] | Sequence[tuple[int, ...]]


class Converted(NamedTuple):
    """The unreadable sources, the MD5 of all arrays, and a ``Tally`` of raw pictures by split."""

    unreadable: list[decoding.Unreadable]
    digest: str
    raw: dict[str, dict[str, Any]]


def convert(
    parts: Mapping[str, Part],
    *,
    folder: pathlib.Path,
    to_bytes: Callable[[Picture], np.ndarray],
    threads: int,
) -> Converted:
    """Writes ``{split}_images.npy`` and ``{split}_labels.npy`` with few pictures in memory.

    ``to_bytes`` makes uint8 ``[h, w, c]`` of a picture, of one shape for all.
    """
    unreadable, digest, start = [], hashlib.md5(usedforsecurity=False), time.perf_counter()

    def both(picture: Picture) -> tuple[np.ndarray, measuring.Measured]:
        return to_bytes(picture), measuring.measure(picture.raw(), inside=picture.inside())

    raw = {}
    for split, (sources, labels) in parts.items():
        kept, tally, shape = [], measuring.Tally(), ()
        with open(folder / f"{split}_images.npy", "wb") as stream:
            results = decoding.decode_all(sources, then=both, threads=threads)
            for label, result in zip(labels, results, strict=True):
                if isinstance(result, decoding.Unreadable):
                    unreadable.append(result)
                    continue
                for image, measured in result:
                    if not kept:
                        shape = image.shape
                        _write_header(stream, (0, *shape))
                    stream.write(image.tobytes())
                    digest.update(image)
                    tally.add(measured)
                    kept.append(label)
            stream.seek(0)
            _write_header(stream, (len(kept), *shape))
        np.save(folder / f"{split}_labels.npy", np.array(kept, np.int32))
        digest.update(np.array(kept, "<i4"))
        raw[split] = tally.asdict()
    count = sum(len(part.sources) for part in parts.values())
    _log.info("data: decoded %d files in %.1f s", count, time.perf_counter() - start)
    return Converted(unreadable, digest.hexdigest(), raw)


def _write_header(stream, shape: tuple[int, ...]) -> None:
    """Writes the header of a uint8 array; numpy leaves room in it for more rows."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
