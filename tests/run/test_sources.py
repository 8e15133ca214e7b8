"""The version of code changes with what the interpreter runs alone."""

from medjax.run.sources import code_digest, code_of, method_files

CODE = '''"""Doc."""
import os


class A:
    """Doc."""

    def f(self, x):
        """Doc."""
        return x + 1  # one
'''


def test_comments_docstrings_and_layout_do_not_count():
    changed = CODE.replace("Doc.", "Other").replace("# one", "# two").replace("x + 1", "(x +  1)")
    assert code_of(changed) == code_of(CODE)
    assert code_of(CODE.replace('        """Doc."""\n', "")) == code_of(CODE)


def test_what_runs_counts():
    assert code_of(CODE.replace("x + 1", "x + 2")) != code_of(CODE)
    assert code_of(CODE.replace("x + 1", "'Doc.'")) != code_of(CODE)


def test_a_docstring_alone_is_a_body():
    assert code_of('def f():\n    "Doc."') == "def f():\n    pass"


def test_the_digest_is_of_the_named_sources():
    assert code_digest(("augment",)) != code_digest(("augment", "types.py"))


def test_the_files_of_a_method_are_what_it_imports_of_methods():
    files = method_files("dsa")
    assert {"methods/gradients/dsa.py", "methods/gradients/dc.py", "methods/matching.py"} <= {
        *files
    }
    assert not any(file.startswith(("methods/features", "methods/selected")) for file in files)
    assert "methods/__init__.py" not in files and "methods/registry.py" not in files
