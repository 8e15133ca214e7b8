"""``audit.html``: one page, without outside resources, with the result of an audit."""

import base64
import hashlib
import os
from collections.abc import Iterator

from medjax import store
from medjax.privacy.page import wording
from medjax.privacy.page.roc_chart import roc_chart
from medjax.privacy.result import AuditResult
from medjax.privacy.statistics.membership import Attack
from medjax.run.report.template import templates

_CURVES_EACH = 6


def write_page(path: str | os.PathLike, result: AuditResult) -> None:
    """Writes the page atomically.

    Args:
      path: the file; an existing one is replaced.
      result: the result.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import pathlib, tempfile
      >>> result = AuditResult(False, ("No alarm.",), (), (), (), {}, {}, {}, {}, {}, False)
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     write_page(f"{folder}/audit.html", result)
      ...     "No alarm." in pathlib.Path(folder, "audit.html").read_text("utf-8")
      True
    """
    environment = templates(__package__)
    style = environment.get_template("audit.css.jinja").render()
    # The browser applies this one style sheet and loads nothing.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("audit.html.jinja").render(
        result=result,
        style=style,
        digest=digest,
        charts=list(_charts(result.attacks)),
        fact=wording.fact,
    )
    store.write_bytes(path, page.encode(errors="backslashreplace"))


def _charts(attacks: tuple[Attack, ...]) -> Iterator[str]:
    """Yields charts of the attacks on all images, a few curves each."""
    curves = [(attack.name, attack.roc) for attack in attacks if not attack.group]
    for start in range(0, len(curves), _CURVES_EACH):
        some = dict(curves[start : start + _CURVES_EACH])
        yield roc_chart(some, title="true-positive rate, all images")
