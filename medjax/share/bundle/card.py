"""``card.json``: what a bundle is, in a form that ``card.schema.json`` fixes."""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from medjax import data
from medjax.errors import UserError, printable

FORMAT = "medjax bundle 1"
"""The version of the card."""

NAME = "card.json"
"""The entry of a bundle that holds it."""
_SCHEMA = "card.schema.json"
_LONGEST = 200
_LONGEST_REASON = 400  # it repeats what the card holds


def public_name(summary: Mapping[str, Any]) -> str | None:
    """Returns the name of the public or embedded data set of a run; ``None`` for anybody's own.

    The names of other sets, their digests and their classes are words of the site. A file in the
    place of a published one, with other bytes, is the site's own.

    Args:
      summary: the content of ``summary.json``.

    Example:
      >>> public_name({"config": {"data": {"name": "phantom"}}})
      'phantom'
      >>> public_name({"config": {"data": {"name": "folder:ward 3/phantom"}}}) is None
      True
    """
    name, facts = str(summary["config"]["data"]["name"]), summary.get("data") or {}
    official = facts.get("official_digest")
    changed = official is not None and facts.get("digest") != official
    return name if name in data.names() and not changed else None


def check_line(what: str, text: str) -> None:
    """Refuses a text of the user that does not fit into one line of a card.

    Args:
      what: what it is, in the message.
      text: the text; it may be empty.

    Raises:
      UserError: if it is too long, or has a line end or another control character.

    Example:
      >>> check_line("title", "Moles\\n")
      Traceback (most recent call last):
      medjax.errors.UserError: a title is one line of at most 200 characters, got 'Moles\\n'
    """
    if len(text) > _LONGEST or printable(text) != text:
        raise UserError(
            f"a {what} is one line of at most {_LONGEST} characters, got {text[:_LONGEST]!r}"
        )


def describe_images(shared: data.SharedSet, *, multi_label: bool) -> dict[str, Any]:
    """Returns the part ``images`` of a card.

    Args:
      shared: the set.
      multi_label: whether an image may have several classes.
    """
    count, height, width, channels = shared.images.shape
    soft = "rows" if multi_label else "probabilities"
    return {
        "count": count,
        "height": height,
        "width": width,
        "channels": channels,
        "mean": shared.mean.tolist(),
        "std": shared.std.tolist(),
        "whitened": shared.zca is not None,
        "labels": "classes" if shared.labels.ndim == 1 else soft,
    }


def text_of(card: Mapping[str, Any]) -> bytes:
    """Returns the content of ``card.json``, after comparing the card with the schema.

    Args:
      card: the card.

    Raises:
      UserError: if the card does not follow the schema.
    """
    check_card(card, where="card.json")
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def read_card(content: bytes, *, where: str) -> dict[str, Any]:
    """Reads a card from its bytes, which may come from anybody.

    Args:
      content: the content of ``card.json``.
      where: the bundle in messages.

    Raises:
      UserError: if it is no JSON, or does not follow the schema.

    Example:
      >>> read_card(b"{}", where="site_a.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: the card of site_a.zip is not valid: 'format' is a required property
    """
    try:
        card = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise UserError(f"the card of {where} is not valid: it is no JSON in UTF-8") from error
    check_card(card, where=f"the card of {where}")
    return card


def check_card(card: Any, *, where: str) -> None:
    """Compares a card with ``card.schema.json``.

    Args:
      card: the card.
      where: what the card is called in messages.

    Raises:
      UserError: if the card differs; it names the first part that does.
    """
    from jsonschema.exceptions import best_match

    found = best_match(_validator().iter_errors(card))
    if found is not None:
        part = ".".join(map(str, found.absolute_path))
        reason = f"{part}: {found.message}" if part else found.message
        raise UserError(f"{where} is not valid: {printable(reason[:_LONGEST_REASON])}")
    classes = card["data"]["classes"]
    if len(set(classes)) < len(classes):
        raise UserError(f"{where} is not valid: data.classes names a class twice")


@functools.cache
def _validator() -> Any:
    import jsonschema

    text = resources.files("medjax.share").joinpath(_SCHEMA).read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))
