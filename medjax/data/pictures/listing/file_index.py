"""Finds the file that a cell of a table names."""

import functools
import itertools
import os
import pathlib
import posixpath
from collections.abc import Callable, Sequence

from medjax.data.class_names import same_form
from medjax.data.pictures import decoding
from medjax.data.pictures.listing.file_names import is_leftover


def _key(text: str) -> str:
    """Returns what texts have in common that differ in case or in the form of accents."""
    return text.lower() if text.isascii() else same_form(same_form(text).casefold())


def _whole(name: str) -> str:
    return name


def _stem(name: str) -> str:
    """Returns a name without its last suffix, or without ``.nii.gz`` and the like."""
    return posixpath.splitext(name.removesuffix(".gz"))[0]


def _tail(name: str, parts: int) -> str:
    return "/".join(name.split("/")[-parts:]) if parts else name


class FileIndex:
    """The files of a folder, found by what a table calls them.

    A cell names a file by its path below the folder, with slashes or backslashes. The start of the
    path may be missing, if the rest fits a single file. A start that the folder lacks may be there,
    if it is the folder's own name or the same in all cells. The suffix may be missing. Case and the
    form of accents decide only where several files would fit.

    Args:
      folder: the folder.
      names: its files, from ``walk``.
      is_picture: tells which of the files that fit a name without suffix are meant.

    Attributes:
      folder: the folder.
      names: its files.
      is_picture: tells it by the name of a file, and looks into a file only once.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        names: Sequence[str],
        *,
        is_picture: Callable[[pathlib.Path], bool],
    ) -> None:
        """Keeps the names; each way to look one up is prepared when it is first needed."""
        self.folder, self.names = folder, names
        self.is_picture = functools.cache(lambda name: is_picture(folder / name))
        self._known = frozenset(names)
        self._own = _key(folder.resolve().name)
        self._tables: dict[tuple[int, Callable[[str], str]], dict[str, list[str]]] = {}

    def has(self, cell: str) -> bool:
        """Returns whether a cell names a file, or several."""
        return bool(self.find([cell])[0])

    def find(self, cells: Sequence[str]) -> list[list[str]]:
        """Returns the files that each cell of a column fits: none, one, or several as well."""
        parts = [_parts(cell) for cell in cells]
        shared = _shared(min(parts)[:-1], max(parts)[:-1]) if parts else 0
        last = {_key(name) for path in parts for name in path[-1:]}
        like = (
            x for key in last for way in (_whole, _stem) for x in self._table(1, way).get(key, ())
        )
        decoding.at_once(self.is_picture, [*dict.fromkeys(like)])  # which remembers the answers
        return [self._fit(c, p, shared) for c, p in zip(cells, parts, strict=True)]

    def _fit(self, cell: str, parts: tuple[str, ...], shared: int) -> list[str]:
        """Returns the files that a cell fits best."""
        name = "/".join(parts)
        for path in dict.fromkeys((cell, name)):
            if found := self._look_up(0, path):
                return found
        without = range(1, shared + 1) if shared or _key(parts[0]) != self._own else (1,)
        for first in without:
            if found := self._look_up(0, "/".join(parts[first:])):
                return found
        return self._look_up(len(parts), name) or self._outside(cell)

    def _look_up(self, parts: int, name: str) -> list[str]:
        """Returns the files whose last parts, or whose whole path for 0 parts, are a name."""
        if not parts and name in self._known:
            return [name]
        key = _key(name)
        for cut in (_whole, _stem):
            fitting = self._table(parts, cut).get(key, [])
            if cut is _stem:
                fitting = [x for x in fitting if self.is_picture(x)]
            for same in (_whole, same_form) if len(fitting) > 1 else ():
                closest = [x for x in fitting if same(_tail(cut(x), parts)) == same(name)]
                fitting = closest or fitting
            if fitting:
                return fitting
        return []

    def _table(self, parts: int, cut: Callable[[str], str]) -> dict[str, list[str]]:
        table = self._tables.get((parts, cut))
        if table is None:
            table = self._tables[parts, cut] = {}
            for name in self.names:
                table.setdefault(_key(_tail(cut(name), parts)), []).append(name)
        return table

    def _outside(self, cell: str) -> list[str]:
        """Returns a file that lies elsewhere than in the folder, or is hidden there."""
        name = os.path.normpath(cell)
        hidden = any(map(is_leftover, name.split(os.sep)))  # ".." among them
        if not (os.path.isabs(name) or hidden) or not os.path.isfile(self.folder / name):
            return []
        return [pathlib.PurePath(name).as_posix()]


def _parts(cell: str) -> tuple[str, ...]:
    """Returns the parts of a path with any slashes, without the root."""
    path = posixpath.normpath(cell.replace("\\", "/")).lstrip("/")
    return tuple(path.split("/"))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Returns how many parts two paths start with together."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return len(list(same))
