"""The version of source code: a digest that comments and docstrings do not change."""

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import medjax

SCORING = (
    "augment",
    "coreset",
    "data/dataset.py",
    "data/medmnist/npz.py",
    "data/medmnist/npz_set.py",
    "data/medmnist/registry.py",
    "data/mixtures/mixture.py",
    "data/normalize.py",
    "data/npz",
    "data/prepare",
    "data/sampling.py",
    "evaluate",
    "kernels",
    "nets",
    "run/datasets.py",
    "run/setup.py",
    "training",
)
"""What decides the score of a set of images, besides the images: the data and the networks."""
_PACKAGE = Path(medjax.__file__).parent
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def code_digest(sources: tuple[str, ...]) -> str:
    """Returns a digest of the code in files and folders of medjax.

    Results of hours are kept under it, so only what the interpreter runs counts: neither comments,
    nor docstrings, nor the layout of the lines.

    Args:
      sources: files, or folders of Python files at any depth, relative to the package.

    Returns:
      The digest in hex; the order of the sources does not matter.

    Raises:
      OSError: if a file cannot be read.

    Example:
      >>> code_digest(("augment", "types.py")) == code_digest(("types.py", "augment"))
      True
    """
    digest = hashlib.sha256()
    for file in sorted(set(_files(_PACKAGE / name for name in sources))):
        digest.update(file.relative_to(_PACKAGE).as_posix().encode())
        digest.update(code_of(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


@functools.cache
def method_files(name: str) -> tuple[str, ...]:
    """Returns the files of a method: its own, and what it shares with others.

    A method that is added or changed leaves the files of the others as they are.

    Args:
      name: one of ``methods.names()``.

    Example:
      >>> dm, idm = method_files("dm"), method_files("idm")
      >>> "methods/features/dm.py" in idm, "methods/features/idm.py" in dm
      (True, False)
    """
    from medjax import methods  # loads JAX, which a digest alone does not need

    return imported_files(getattr(methods, name).__module__, within=methods.__name__)


def imported_files(module: str, *, within: str) -> tuple[str, ...]:
    """Returns the file of a module, and those of a package that it imports, directly or not.

    Args:
      module: the dotted name of a module of medjax.
      within: the dotted name of a package of medjax; what lies outside of it is left out.

    Returns:
      Files relative to medjax, sorted, as ``code_digest`` takes them.

    Example:
      >>> files = imported_files("medjax.methods.gradients.dsa", within="medjax.methods")
      >>> "methods/gradients/dc.py" in files, "methods/features/dm.py" in files
      (True, False)
    """
    found: dict[str, str] = {}
    left = [module]
    while left:
        name = left.pop()
        if name in found:
            continue
        place = _place(name)
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if path.is_file():
            found[name] = path.relative_to(_PACKAGE).as_posix()
            left += [other for other in _imports(path) if f"{other}.".startswith(f"{within}.")]
    return tuple(sorted(found.values()))


def _imports(path: Path) -> Iterable[str]:
    """Yields the names that may be modules which a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            modules = [name for name in inner if _is_module(name)]
            # What a package itself gives may come from any of its files.
            yield from modules if len(modules) == len(inner) else [*modules, node.module]


def _is_module(name: str) -> bool:
    return _place(name).is_dir() or _place(name).with_suffix(".py").is_file()


def _place(name: str) -> Path:
    """Returns the folder of a package, or the file of a module without its suffix."""
    return _PACKAGE.joinpath(*name.split(".")[1:])


def code_of(source: str) -> str:
    """Returns the code of a Python file without comments and docstrings, in one layout.

    Example:
      >>> code_of('def f():\\n    "Doc."\\n    return (1)  # one')
      'def f():\\n    return 1'
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from path.rglob("*.py")
        else:
            yield path
