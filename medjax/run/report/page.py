"""``report.html``: one page, without outside resources, that says what a run achieved."""

import base64
import html
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from medjax import store
from medjax.run.metrics import jsonable
from medjax.run.report import charts, grids, prose, table

# Enough to judge a class by; a page of thousands of images would not open.
_MOST_IMAGES = 50
_LONGEST_SIDE = 112

_CSS = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--paper:#fff;--card:#f3f6f9;
--edge:#d5dde5;--hue:#1f6fb2;--warn:#9a5b00}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa7b4;--paper:#14181d;--card:#1d232a;
--edge:#343d47;--hue:#6cb4ee;--warn:#f0b357}}
body{margin:0 auto;padding:2rem 1.2rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 1rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
h3{font-size:.95rem;margin:1rem 0 .3rem}
p{max-width:48rem;margin:.5rem 0}.lead{font-size:1.1rem}.soft{color:var(--soft);font-size:.9rem}
.warn{border-left:4px solid var(--warn);background:var(--card);padding:.7rem 1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--edge);text-align:left}
td{white-space:nowrap}
td.wrap{white-space:normal;overflow-wrap:anywhere}
th{vertical-align:bottom;color:var(--soft);font-weight:600;font-size:.9rem}
tr.own{background:var(--card);font-weight:600}
.charts{display:flex;flex-wrap:wrap;gap:1rem}.charts svg{flex:1 1 24rem;max-width:30rem}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}.end{text-anchor:end}
.mid{text-anchor:middle}.axis{stroke:var(--edge)}.line{fill:none;stroke:var(--hue);stroke-width:2}
.dot{fill:var(--hue)}.band{fill:var(--hue);opacity:.2}
.mark{stroke:var(--warn);stroke-dasharray:4 3}
.tiles{display:flex;flex-wrap:wrap;gap:4px}
.tiles img{width:5.25rem;height:5.25rem;object-fit:contain;image-rendering:pixelated}
pre{background:var(--card);padding:.8rem 1rem;overflow-x:auto;font-size:.85rem}
"""

# The browser itself is told to load nothing but what is in the page.
_HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)

_LOADING = """import numpy as np

with np.load("synthetic.npz") as file:
    images, labels = file["images"], file["labels"]  # pixel units (0–1), [n, height, width, c]
"""
_NORMALISED = """\
    inputs = (images - file["mean"]) / file["std"]   # what the networks above were trained on
"""
_WHITENED = """\
    flat = images.reshape(len(images), -1) - file["zca_mean"]
    inputs = (flat @ file["zca_matrix"]).reshape(images.shape)  # what networks were trained on
"""
_LEARNED = """\
    learning_rate = float(file["step_size"])         # learned with the images, to train on them
"""


def write_report(
    path: str | os.PathLike,
    summary: Mapping[str, Any],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    history: Sequence[Mapping[str, Any]],
) -> None:
    """Writes the report of a run, whole or not at all.

    Args:
      path: the file; replaced if it is there.
      summary: the content of ``summary.json``; what is missing from it is left out of the page.
      images: the synthetic images in pixel units, ``[n, h, w, c]``, grey or RGB.
      labels: their classes, ints ``[n]``, or rows of labels ``[n, l]``.
      history: the lines of ``metrics.jsonl``: dicts with ``step`` and any of ``loss``,
        ``val_<metric>`` and ``val_<metric>_std``.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import pathlib, tempfile
      >>> summary = {"method": "dm", "dataset": "x", "ipc": 1, "seed": 0, "num_images": 2}
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "report.html")
      ...     images, labels = np.zeros((2, 8, 8, 1)), np.arange(2)
      ...     write_report(file, summary, images=images, labels=labels, history=[])
      ...     print("<h1>dm · x · 1 image per class · seed 0</h1>" in file.read_text("utf-8"))
      True
    """
    summary = jsonable(summary)
    heading = _text(table.title(summary))
    zca = (summary.get("data") or {}).get("zca")
    warning = _text(prose.privacy(summary.get("init"), zca=zca))
    body = [
        f"<h1>{heading}</h1>",
        *(f'<p class="lead">{_text(sentence)}</p>' for sentence in prose.findings(summary)),
        f'<p class="warn"><strong>Privacy.</strong> {warning}</p>',
        *_results(summary),
        *_curves(summary, history),
        *_pictures(summary, np.asarray(images), np.asarray(labels)),
        *_provenance(summary),
        "<h2>How to use the images</h2><p>They are in <code>synthetic.npz</code>, beside this "
        f"page. NumPy is enough to load them:</p><pre>{_text(_loading(summary))}</pre>",
        *_run(summary),
    ]
    page = (
        f'<!doctype html>\n<html lang="en"><head>{_HEAD}<title>{heading}</title>'
        f"<style>{_CSS}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )
    store.write_bytes(path, page.encode())


def _loading(summary: Mapping[str, Any]) -> str:
    """How to load the images as networks take them."""
    whitened = (summary.get("data") or {}).get("zca")
    learned = summary.get("step_size") is not None
    return _LOADING + (_WHITENED if whitened else _NORMALISED) + (_LEARNED if learned else "")


def _results(summary: Mapping[str, Any]) -> list[str]:
    rows = table.result_rows(summary)
    splits = [split for split in ("val", "test") if any(getattr(row, split) for row in rows)]
    if not splits:
        return []
    metrics = {
        split: table.ordered(
            (name for row in rows for name in getattr(row, split) or ()),
            first=summary.get("headline"),
        )
        for split in splits
    }
    columns = [(split, metric) for split in splits for metric in metrics[split]]
    titles = {"val": "validation images", "test": "test images"}
    spans = (f'<th colspan="{len(metrics[s])}">{titles[s]}</th>' for s in splits)
    heads = [
        table.metric_name(metric) + (" %" if table.is_percentage(metric) else "")
        for _, metric in columns
    ]
    lines = [
        f"<tr><th></th>{''.join(spans)}</tr>",
        f"<tr>{_cells(['trained on', *heads], 'th')}</tr>",
    ]
    for row in rows:
        texts = [table.metric_text(getattr(row, split), metric) for split, metric in columns]
        own = ' class="own"' if row.name == rows[0].name else ""
        lines.append(f"<tr{own}>{_cells([row.name, *texts])}</tr>")
    notes = "".join(f'<p class="soft">{_text(note)}</p>' for note in prose.notes(summary))
    return ["<h2>Results</h2>", f'<div class="scroll"><table>{"".join(lines)}</table></div>', notes]


def _curves(summary: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> list[str]:
    mark = summary.get("selected_step")
    metric = f"val_{summary.get('select_by') or 'auroc'}"
    drawn = []
    for name, label in (("loss", "loss"), (metric, f"validation {table.metric_name(metric[4:])}")):
        lines = [line for line in history if line.get(name) is not None]
        points = [(line["step"], line[name]) for line in lines]
        spread = [line.get(f"{name}_std") or 0.0 for line in lines]
        drawn.append(charts.line_chart(points, label=label, spread=spread, mark=mark))
    if not any(drawn):
        return []
    note = "" if mark is None else f" The dashed line is the selected step, {mark:,}."
    return [
        f'<h2>Course of the run</h2><div class="charts">{"".join(drawn)}</div>',
        f'<p class="soft">The loss is what distillation lowers.{note}</p>',
    ]


def _pictures(summary: Mapping[str, Any], images: np.ndarray, labels: np.ndarray) -> list[str]:
    names = (summary.get("data") or {}).get("classes") or []
    groups: dict[str, list[int]] = {}
    for i in np.argsort(labels, kind="stable") if labels.ndim == 1 else range(len(labels)):
        groups.setdefault(prose.class_name(labels[i], names), []).append(int(i))
    parts = ["<h2>The synthetic images</h2>"]
    for name, members in groups.items():
        shown = members[:_MOST_IMAGES]
        count = f"{len(shown)} of {len(members):,} shown" if len(shown) < len(members) else ""
        tiles = "".join(
            f'<img alt="{_text(name)}, image {k}" src="{_data_uri(images[i])}">'
            for k, i in enumerate(shown, 1)
        )
        parts.append(
            f'<h3>{_text(name)} <span class="soft">{count or f"{len(members)}"}</span></h3>'
            f'<div class="tiles">{tiles}</div>'
        )
    return parts


def _data_uri(image: np.ndarray) -> str:
    pixels = grids.to_uint8(image)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    encoded = base64.b64encode(grids.png_bytes(np.asarray(picture))).decode()
    return f"data:image/png;base64,{encoded}"


def _provenance(summary: Mapping[str, Any]) -> list[str]:
    data = dict(summary.get("data") or {})
    counts = data.pop("counts", None) or {}
    facts = {"data set": summary.get("dataset"), **data}
    facts["images"] = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    facts["classes"] = ", ".join(map(str, data.get("classes") or []))
    digest, official = data.get("digest"), data.get("official_digest")
    note = ""
    if digest and official and digest != official:
        note = '<p class="warn">This file is not the official one: its digest differs.</p>'
    return ["<h2>Where the data came from</h2>", _facts(facts), note]


def _run(summary: Mapping[str, Any]) -> list[str]:
    device, versions = summary.get("device") or {}, summary.get("versions") or {}
    facts = {
        "device": " × ".join(str(v) for v in (device.get("count"), device.get("kind")) if v),
        "platform": device.get("platform"),
        **{name: prose.duration(s) for name, s in (summary.get("time") or {}).items() if s},
        **versions,
    }
    parts = ["<h2>How it was run</h2>", _facts(facts)]
    for name in ("recipe", "config"):
        if summary.get(name):
            text = _text(json.dumps(summary[name], indent=2, ensure_ascii=False))
            parts.append(f"<details><summary>{name}</summary><pre>{text}</pre></details>")
    return parts


def _facts(facts: Mapping[str, Any]) -> str:
    lines = [
        f"<tr><th>{_text(name.replace('_', ' ').removesuffix(' s'))}</th>"
        f'<td class="wrap">{_text(value)}</td></tr>'
        for name, value in facts.items()
        if value not in (None, "", [], {})
    ]
    return f"<table>{''.join(lines)}</table>"


def _cells(texts: Sequence[str], tag: str = "td") -> str:
    return "".join(f"<{tag}>{_text(text)}</{tag}>" for text in texts)


def _text(value: Any) -> str:
    return html.escape(str(value))
