"""The rules of the public interface, for every function that a facade exports."""

import importlib
import inspect
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "medjax"
FACADES = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
# Options are keyword-only and a method has as many as it has hyper-parameters; few arguments
# have an order to remember.
MAX_POSITIONAL = 6


def complaints(name, function):
    """Lists the faults of one public function, one line each."""
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    names = [p.name for p in parameters]
    # The key of a signature may be missing, unlike that of random numbers.
    needed = [p.name for p in parameters if p.default is p.empty]
    doc = inspect.getdoc(function) or ""
    returns = signature.return_annotation not in (None, "None")
    rules = {
        "`key` must come first": "key" not in needed[1:],
        "a parameter is called `rng`": "rng" not in names,
        "a positional parameter has a default": all(
            p.default is p.empty or p.kind is p.KEYWORD_ONLY for p in parameters
        ),
        f"more than {MAX_POSITIONAL} positional parameters": sum(
            p.kind is not p.KEYWORD_ONLY for p in parameters
        )
        <= MAX_POSITIONAL,
        "no docstring": bool(doc),
        "no `Args:`": not names or "Args:" in doc,
        "no `Returns:`": not returns or "Returns:" in doc or "Yields:" in doc,
        "no runnable `Example:`": "Example:" in doc and ">>>" in doc,
    }
    return [f"{name}: {rule}" for rule, kept in rules.items() if not kept]


@pytest.mark.parametrize("facade", FACADES)
def test_public_functions(facade):
    module = importlib.import_module(f"medjax.{facade}")
    assert module.__doc__, f"medjax.{facade} has no docstring"
    public = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    wrong = [
        complaint
        for name, value in public.items()
        if inspect.isfunction(value)
        for complaint in complaints(f"{facade}.{name}", value)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_rules_catch_each_fault():
    def bad(images, key, rng, a, b, c, d, e=1, *, f=2) -> int:
        return 0

    found = complaints("bad", bad)
    assert len(found) == 8 and found[0] == "bad: `key` must come first"

    def undescribed(x) -> None:
        """Does something."""

    assert complaints("undescribed", undescribed) == [
        "undescribed: no `Args:`",
        "undescribed: no runnable `Example:`",
    ]


def test_a_key_comes_first_unless_it_may_be_missing():
    def random(path, *, key):
        """..."""

    def signed(path, *, key=None):
        """..."""

    first = "`key` must come first"
    assert any(first in line for line in complaints("random", random))
    assert not any(first in line for line in complaints("signed", signed))


def test_the_rules_let_a_good_function_pass():
    def good(key, images, *, size=3) -> int:
        """Counts.

        Args:
          key: …
          images: …
          size: …

        Returns:
          A number.

        Example:
          >>> 1
          1
        """
        return 1

    assert complaints("good", good) == []
