"""``README.md`` of a bundle: what its card says, for people, and how to load the images."""

import json
from collections.abc import Mapping
from typing import Any

from medjax.run.report import metric_name
from medjax.run.report.table import BASELINES, is_percentage, metric_text

# Licences by the identifiers that the front matter of Hugging Face knows.
_LICENCES = {
    "Apache-2.0": "apache-2.0",
    "CC BY 4.0": "cc-by-4.0",
    "CC BY-NC 4.0": "cc-by-nc-4.0",
    "CC BY-SA 4.0": "cc-by-sa-4.0",
    "CC0": "cc0-1.0",
}
_SIZES = {1000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K"}
_LARGEST = "100K<n<1M"
_SPECIAL = r"\`*_[]<>|#$~"  # of Markdown, in names that anybody may have given


def render(card: Mapping[str, Any]) -> bytes:
    """Returns the content of ``README.md``.

    Args:
      card: the content of ``card.json``.
    """
    import jinja2  # here, because it is slow to import

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, ""),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"text": escaped, "yaml": _yaml}
    page = environment.get_template("readme.md.jinja").render(
        card=card,
        licence=_LICENCES.get(card["data"]["licence"] or "", "other"),
        size=next((name for n, name in _SIZES.items() if card["images"]["count"] < n), _LARGEST),
        scores=_table(card["scores"]),
        recipe=_recipe(card["training"]),
    )
    return page.encode()


def escaped(text: object) -> str:
    r"""Returns text in which no character means anything to Markdown.

    Args:
      text: a name.

    Example:
      >>> print(escaped("a|b <script>"))
      a\|b \<script\>
    """
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in str(text))


def _yaml(text: object) -> str:
    """Returns text as YAML reads it in one line, as JSON."""
    return json.dumps(str(text), ensure_ascii=False)


def _table(scores: Mapping[str, Any] | None) -> list[list[str]]:
    """Returns the cells of the table of scores, row by row, its title first."""
    if scores is None:
        return []
    sets = {"these images": scores["set"]}
    sets |= {BASELINES.get(name, name): x for name, x in scores["baselines"].items()}
    metrics = sorted(scores["set"], key=lambda name: name != scores["headline"])
    titles = [f"{metric_name(x)}{' (%)' if is_percentage(x) else ''}" for x in metrics]
    rows = [[name, *(metric_text(x, metric) for metric in metrics)] for name, x in sets.items()]
    return [["networks trained on", *titles], *rows]


def _recipe(training: Mapping[str, Any]) -> str:
    recipe = training["recipe"]
    said = [
        f"{recipe['epochs']} epochs of SGD with batches of {recipe['batch_size']}",
        f"learning rate {recipe['learning_rate']:g}",
        "a tenth of it from half way on" if recipe.get("name") != "fast" else "by the fast recipe",
        f"momentum {recipe['momentum']:g}",
        f"weight decay {recipe['weight_decay']:g}",
        f"augmentation {recipe['augment'] or 'none'}",
    ]
    return ", ".join(said)
