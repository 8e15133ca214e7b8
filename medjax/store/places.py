"""The folders that a user means: home directories and caches."""

import atexit
import functools
import os
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Mapping

from medjax.errors import UserError


def expand_user(path: str | os.PathLike) -> pathlib.Path:
    """Returns a path in which a leading ``~`` is the home directory.

    Args:
      path: the path, as a user wrote it.

    Returns:
      The path; any other than one that starts with ``~`` or ``~user`` is as it was, except that
      ``./~scans`` becomes absolute.

    Raises:
      UserError: if there is no home directory, or no such user.

    Example:
      >>> expand_user("scans/~").as_posix()
      'scans/~'
    """
    text, found = os.fspath(path), pathlib.Path(path)
    if not text.startswith("~"):
        # A Path drops "./": the next to see "~scans" would take it for the home of a user.
        return found.absolute() if str(found).startswith("~") else found
    try:
        return found.expanduser()
    except RuntimeError as error:
        user = found.parts[0].removeprefix("~")
        reason = "this user has no home directory; give the whole path"
        if user:
            reason = f"no user {user!r} has a home directory; ./{text} is a path in this folder"
        raise UserError(f"{path}: {reason}") from error


def cache_root(root: str | os.PathLike | None) -> pathlib.Path:
    """Returns the folder of the cache.

    Args:
      root: the folder; None for ``$MEDJAX_CACHE_DIR`` or, if that is not set, ``medjax`` in the
        user's cache.

    Returns:
      The folder, which need not exist.

    Raises:
      UserError: if the folder is below ``~`` and there is no home directory.

    Warns:
      UserWarning: if no folder is named and there is no home directory; the cache then lasts as
        long as the process.

    Example:
      >>> cache_root("scratch").name
      'scratch'
    """
    if chosen := root or os.environ.get("MEDJAX_CACHE_DIR"):
        return expand_user(chosen)
    if (user := user_cache(os.environ)) is None:
        return _temporary_cache()
    return user / "medjax"


def user_cache(environment: Mapping[str, str]) -> pathlib.Path | None:
    """Returns the folder in which a user's programs keep caches.

    Args:
      environment: usually ``os.environ``.

    Returns:
      ``$XDG_CACHE_HOME``, else ``~/.cache``; None if there is no home directory.

    Example:
      >>> user_cache({"XDG_CACHE_HOME": "caches"}).name
      'caches'
    """
    try:
        return pathlib.Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    except RuntimeError:
        return None


@functools.cache
def _temporary_cache() -> pathlib.Path:
    folder = tempfile.mkdtemp(prefix="medjax-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    warnings.warn(
        f"this user has no home directory: the cache is {folder} until the process ends; "
        "MEDJAX_CACHE_DIR names a lasting one",
        stacklevel=3,
    )
    return pathlib.Path(folder)
