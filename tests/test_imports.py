"""Imports go one way: a table of what each part may import, checked against the sources."""

import ast
import pathlib
import subprocess
import sys
from typing import NamedTuple

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "medjax"


class Row(NamedTuple):
    """What one part of medjax may import, besides itself and the standard library."""

    medjax: set[str]
    libraries: set[str] | None  # None: any


ANY = None
# From the bottom up: a part imports parts that stand above it in this list, never one below.
# To extend: one line for each file or folder directly under medjax/, with the libraries it uses.
LIBRARY = {
    "errors": set(),
    "types": {"jax"},
    "kernels": {"jax", "chex"},
    "augment": {"jax", "chex"},
    "nets": {"jax", "flax"},
    "store": ANY,
    "planning": {"jax"},
    "parallel": {"jax", "numpy"},
    "data": ANY,
    "training": {"jax", "flax", "optax", "numpy", "chex"},
    "coreset": {"jax", "flax", "numpy"},
    "methods": {"jax", "flax", "optax", "numpy", "chex"},
    "evaluate": {"jax", "flax", "numpy", "scipy", "sklearn"},
}
APPLICATION = {
    "run": ANY,
    "privacy": ANY,
    "share": ANY,
    "study": ANY,
    "cli": ANY,
    "launch": ANY,
    "__main__": ANY,
}
ORDER = [*LIBRARY, *APPLICATION]
# Narrower than the order: kernels may not raise errors of medjax, nor augment use a network.
NARROW = {"kernels": {"types"}, "augment": {"types", "errors", "kernels"}}
USE_ML_COLLECTIONS = {"medjax.run.config.making", "medjax.study.config", "medjax.cli.config_file"}


def row(part):
    """The parts and libraries that a part may import."""
    if part == "":
        return Row({"run"}, set())  # medjax/__init__.py loads nothing until `distill` is used
    libraries = (LIBRARY | APPLICATION)[part]
    return Row(NARROW.get(part, set(ORDER[: ORDER.index(part)])), libraries)


ALLOWED = {part: row(part) for part in ["", *ORDER]}
# `python -m medjax.evaluate` and its like: a __main__.py is a command, not part of its package.
COMMANDS = Row(set(ORDER), ANY)


def imported(source, module, *, is_package=False):
    """Yields ``(line, dotted name)`` of everything that a module's source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")
            kept = len(parents) - node.level + is_package
            above = parents[:kept] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def private_attributes(source):
    """Yields ``(line, text)`` of every ``module._name`` where ``module`` was imported."""
    tree = ast.parse(source)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            public = ast.unparse(node) == "os._exit"  # documented, whatever it looks like
            if isinstance(root, ast.Name) and root.id in names and not public:
                yield node.lineno, ast.unparse(node)


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def violations(source, module, *, is_package=False, modules=()):
    """Lists the forbidden imports of a module, one line each.

    ``modules`` are the dotted names of all modules of medjax: a private *module* may be imported
    inside its own package, a private name of another module nowhere.
    """
    part, *rest = [*module.split(".")[1:], ""]
    row = COMMANDS if rest[:1] == ["__main__"] else ALLOWED.get(part)
    if row is None:
        return [f"{module}: no row for {part!r} in the table of tests/test_imports.py"]
    found = [
        f"{module}:{line}: uses the private name {text}"
        for line, text in private_attributes(source)
    ]
    for line, target in imported(source, module, is_package=is_package):
        where = f"{module}:{line}: imports"
        top, *inside = target.split(".")
        if top == "medjax":
            to = inside[0] if inside else ""
            if to in ALLOWED and to not in row.medjax | {part, ""}:
                found.append(f"{where} {target}; {part or 'medjax'} may not import {to}")
            found += private_imports(where, target, part, modules)
        elif top not in sys.stdlib_module_names:
            allowed = row.libraries is ANY or top in row.libraries
            if not allowed or (top == "ml_collections" and module not in USE_ML_COLLECTIONS):
                found.append(f"{where} {target}; {part or 'medjax'} may not use {top}")
    return found


def private_imports(where, target, part, modules):
    names = target.split(".")
    for end, name in enumerate(names, start=1):
        own_module = ".".join(names[:end]) in modules and names[1:2] == [part]
        if is_private(name) and not own_module:
            yield f"{where} the private name {target}"


def sources():
    """``{dotted name: (source, is_package)}`` of every module of medjax."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = path.relative_to(PACKAGE.parent).with_suffix("").parts
        is_package = names[-1] == "__init__"
        found[".".join(names[:-1] if is_package else names)] = (path.read_text(), is_package)
    return found


def test_every_import_goes_the_right_way():
    modules = sources()
    wrong = [
        line
        for module, (source, is_package) in modules.items()
        for line in violations(source, module, is_package=is_package, modules=modules)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_part_stands_in_the_list():
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()}
    parts -= {"__init__", "__pycache__", "py"}
    assert parts <= set(ORDER), f"not in the list: {sorted(parts - set(ORDER))}"


def test_modules_have_no_cycle():
    """No module imports itself indirectly, not even inside a part."""
    modules = sources()
    edges = {}
    for module, (source, is_package) in modules.items():
        tree = ast.parse(source)
        late = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
        top = [n for n in ast.walk(tree) if n not in late]
        text = "\n".join(ast.unparse(n) for n in top if isinstance(n, ast.Import | ast.ImportFrom))
        targets = {target for _, target in imported(text, module, is_package=is_package)}
        targets = {t if t in modules else t.rpartition(".")[0] for t in targets}
        # A facade collects its own modules, which may import each other through it.
        edges[module] = {
            t for t in targets if t in modules and not module.startswith(f"{t}.") and t != module
        }
    done, path = set(), []

    def visit(module):
        assert module not in path, f"a circle: {' → '.join((*path, module))}"
        if module in done:
            return
        path.append(module)
        for target in sorted(edges[module]):
            visit(target)
        path.pop()
        done.add(module)

    for module in edges:
        visit(module)


@pytest.mark.parametrize(
    "module, source, complaint",
    [
        ("kernels.x", "from medjax import nets", "kernels may not import nets"),
        ("kernels.x", "import medjax.errors", "kernels may not import errors"),
        ("kernels.x", "from medjax import planning", "kernels may not import planning"),
        ("evaluate.x", "from medjax.run import setup", "evaluate may not import run"),
        ("training.x", "from medjax import methods", "training may not import methods"),
        ("kernels.x", "from ..augment.ops import flip", "kernels may not import augment"),
        ("kernels.x", "def f():\n    import numpy as np", "kernels may not use numpy"),
        ("kernels.x", "import flax.linen as nn", "kernels may not use flax"),
        ("augment", "from ..nets import make", "augment may not import nets"),
        ("data.x", "from medjax.methods import make", "data may not import methods"),
        ("data.x", "import ml_collections", "data may not use ml_collections"),
        ("run.x", "from medjax import share", "run may not import share"),
        ("launch", "from medjax import __main__", "launch may not import __main__"),
        ("", "import jax", "medjax may not use jax"),
        ("novel.x", "import jax", "no row for 'novel'"),
        ("kernels.x", "from medjax.kernels.a import _f", "private name medjax.kernels.a._f"),
        ("kernels.x", "from .a import _f", "private name medjax.kernels.a._f"),
        ("augment.x", "from medjax.augment import a\na._f(1)", "private name a._f"),
        ("augment.x", "import jax\njax.numpy._f(1)", "private name jax.numpy._f"),
        ("data.x", "from medjax.kernels import _a", "private name medjax.kernels._a"),
    ],
)
def test_the_walk_catches(module, source, complaint):
    name = f"medjax.{module}".rstrip(".")
    is_package = "." not in module and module != "launch"
    found = violations(source, name, is_package=is_package, modules={"medjax.kernels._a"})
    assert len(found) == 1 and complaint in found[0]


@pytest.mark.parametrize(
    "module, source",
    [
        ("kernels.x", "import functools\nimport jax.numpy as jnp\nfrom medjax.types import Array"),
        ("kernels.x", "from medjax.kernels._a import f"),
        ("kernels.x", "from . import _a, b\nb.f(_a.f)"),
        ("augment.x", "class A:\n    def f(self):\n        return self._f"),
        ("evaluate.__main__", "from medjax import cli, data"),
        ("run.x", "import medjax\nprint(medjax.__version__)"),
        ("launch", "from medjax import run\nfrom medjax.cli.command_line import parse"),
    ],
)
def test_the_walk_lets_pass(module, source):
    assert violations(source, f"medjax.{module}", modules={"medjax.kernels._a"}) == []


HEAVY = {"flax", "optax", "tensorflow", "torch", "medmnist", "ml_collections"}


@pytest.mark.parametrize(
    "module, absent",
    [
        ("medjax", HEAVY | {"jax", "numpy"}),
        ("medjax.kernels", HEAVY),
        ("medjax.augment", HEAVY),
    ],
)
def test_importing_loads_nothing_more(module, absent):
    code = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not absent & set(result.stdout.split())
