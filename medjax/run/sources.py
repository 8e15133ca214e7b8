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
    package, digest = Path(medjax.__file__).parent, hashlib.sha256()
    for file in sorted(set(_files(package / name for name in sources))):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(code_of(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


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
