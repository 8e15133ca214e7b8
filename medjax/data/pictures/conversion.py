"""Converts sources of pictures to arrays of bytes."""

import hashlib
import logging
import pathlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax.data.inspect import acquisition, measuring
from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.data.prepare.resizing import FITS
from medjax.errors import UserError, unknown

_log = logging.getLogger("medjax")
_MODES = ("auto", "grey", "rgb")


class ConvertOptions(NamedTuple):
    """How pictures become images of one size.

    Attributes:
      mode: ``"grey"``, ``"rgb"``, or ``"auto"``: RGB if more than a tenth of the training files
        have colours, else grey. It yields to a step of the preparation that sets the channels.
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
    """The sources of a split in order, and what all pictures of each have.

    Attributes:
      sources: what to decode.
      labels: the label or row of labels of each source.
      patients: the number of each source's patient; empty if patients are not known.
    """

    sources: Sequence[decoding.Source]
    labels: Sequence[int] | Sequence[tuple[int, ...]]
    patients: Sequence[int] = ()


class Converted(NamedTuple):
    """What was converted.

    Attributes:
      unreadable: the unreadable sources.
      digest: MD5 of all arrays.
      raw: by split, a ``Tally`` of the raw pictures.
      files: by split, the name of each picture's source.
      patients: by split, the number of each picture's patient, if patients are known.
    """

    unreadable: list[decoding.Unreadable]
    digest: str
    raw: dict[str, dict[str, Any]]
    files: dict[str, list[str]]
    patients: dict[str, list[int]]


def convert(
    parts: Mapping[str, Part],
    *,
    folder: pathlib.Path,
    to_bytes: Callable[[Picture], np.ndarray],
    threads: int,
) -> Converted:
    """Writes ``{split}_{images,labels,made}.npy`` with few pictures in memory.

    ``to_bytes`` makes uint8 ``[h, w, c]`` of a picture, of one shape for all.
    """
    digest, start = hashlib.md5(usedforsecurity=False), time.perf_counter()
    done = Converted([], "", {}, {}, {})

    def measured(picture: Picture) -> tuple[np.ndarray, measuring.Measured, np.ndarray]:
        raw = measuring.measure(picture.raw(), inside=picture.inside())
        return to_bytes(picture), raw, acquisition.measure_picture(picture.shown())

    for split, part in parts.items():
        results = decoding.decode_all(part.sources, then=measured, threads=threads)
        with open(folder / f"{split}_images.npy", "wb") as stream:
            rows, raw, made = _write(stream, results, digest, done.unreadable)
        labels = np.array([part.labels[row] for row in rows], np.int32)
        np.save(folder / f"{split}_labels.npy", labels)
        np.save(folder / f"{split}_made.npy", np.reshape(made, (-1, len(acquisition.FACTS))))
        digest.update(labels.astype("<i4"))
        done.raw[split] = raw.asdict()
        done.files[split] = [part.sources[row].name for row in rows]
        if part.patients:
            done.patients[split] = [part.patients[row] for row in rows]
    count = sum(len(part.sources) for part in parts.values())
    _log.info("data: decoded %d files in %.1f s", count, time.perf_counter() - start)
    return done._replace(digest=digest.hexdigest())


def _write(
    stream, results: Iterable[Any], digest: Any, unreadable: list[decoding.Unreadable]
) -> tuple[list[int], measuring.Tally, list[np.ndarray]]:
    """Writes the images of a split; returns the source's row of each, a tally and the facts."""
    rows, raw, made, shape = [], measuring.Tally(), [], ()
    for row, result in enumerate(results):
        if isinstance(result, decoding.Unreadable):
            unreadable.append(result)
            continue
        for image, measured, facts in result:
            if not rows:
                shape = image.shape
                _write_header(stream, (0, *shape))
            stream.write(image.tobytes())
            digest.update(image)
            raw.add(measured)
            made.append(facts)
            rows.append(row)
    stream.seek(0)
    _write_header(stream, (len(rows), *shape))
    return rows, raw, made


def _write_header(stream, shape: tuple[int, ...]) -> None:
    """Writes the header of a uint8 array; numpy leaves room in it for more rows."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
