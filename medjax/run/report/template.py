"""What the pages of reports share: templates, pictures, provenance and circumstances."""

import base64
import functools
import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from medjax import store
from medjax.run.report import grids, prose, table

if TYPE_CHECKING:
    import jinja2

_LONGEST_SIDE = 112


def write_page(
    path: str | os.PathLike, template: str, summary: Mapping[str, Any], **values: Any
) -> None:
    """Fills in a template of this folder, and writes the page atomically.

    Args:
      path: the file; an existing one is replaced.
      template: the name of the template.
      summary: the content of ``summary.json``, as JSON holds it.
      **values: what else the template uses.

    Raises:
      UserError: if the file cannot be written.
    """
    page = (
        templates()
        .get_template(template)
        .render(
            summary=summary,
            data=summary.get("data") or {},
            table=table,
            prose=prose,
            provenance=_provenance(summary),
            circumstances=_circumstances(summary),
            json=functools.partial(json.dumps, indent=2, ensure_ascii=False),
            **values,
        )
    )
    store.write_bytes(path, page.encode(errors="backslashreplace"))


def templates(*packages: str) -> "jinja2.Environment":
    """Returns the templates of packages, and those of this folder; what fills them is escaped.

    Args:
      *packages: packages with further templates.

    Example:
      >>> templates().from_string("{{ name }}").render(name="<b>")
      '&lt;b&gt;'
    """
    import jinja2  # here, because only the end of a run writes a page

    places = [jinja2.PackageLoader(name, "") for name in (*packages, __package__)]
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(places),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def data_uri(image: np.ndarray, *, longest: int = _LONGEST_SIDE) -> str:
    """Encodes an image for a page.

    Args:
      image: floats ``[h, w, c]`` in pixel units, or uint8 ``[h, w]`` or ``[h, w, c]``.
      longest: pixels of the longer side, to which a larger image is reduced.
    """
    pixels = image if image.dtype == np.uint8 else grids.to_uint8(image)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    picture.thumbnail((longest, longest))
    encoded = base64.b64encode(grids.png_bytes(np.asarray(picture))).decode()
    return f"data:image/png;base64,{encoded}"


def _provenance(summary: Mapping[str, Any]) -> dict[str, Any]:
    data = summary.get("data") or {}
    facts = {"data set": summary.get("dataset"), **data}
    counts = facts.pop("counts", None) or {}
    for name in ("warnings", "cut", "patients"):  # in sentences above
        facts.pop(name, None)
    facts["images"] = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    facts["classes"] = ", ".join(map(str, data.get("classes") or []))
    return facts


def _circumstances(summary: Mapping[str, Any]) -> dict[str, Any]:
    devices, versions = _listed(summary.get("device")), _listed(summary.get("versions"))
    names = dict.fromkeys(name for found in versions for name in found)
    return {
        "device": _text(
            " × ".join(str(v) for v in (device.get("count"), device.get("kind")) if v)
            for device in devices
        ),
        "platform": _text(device.get("platform") for device in devices),
        **{name: prose.duration(s) for name, s in (summary.get("time") or {}).items() if s},
        **{name: _text(found.get(name) for found in versions) for name in names},
    }


def _listed(value: Any) -> list[Any]:
    """Returns the values of seeds that differ, or the one of all as a list."""
    return value if isinstance(value, list) else [value] if value else []


def _text(values: Iterable[Any]) -> str:
    return "; ".join(dict.fromkeys(str(value) for value in values if value))
