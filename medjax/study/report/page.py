"""``report.html`` of a study: what its table shows, with an interval everywhere."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from medjax import store
from medjax.evaluate import Interval
from medjax.run.report import metric_name
from medjax.run.report.prose import duration
from medjax.run.report.template import templates
from medjax.study.report import texts
from medjax.study.report.forest import gains_chart
from medjax.study.statistics.claims import Boundary, Claim, boundaries_of, claims_of, sentences
from medjax.study.statistics.comparisons import compare_ways
from medjax.study.statistics.summaries import Summary, summarise
from medjax.study.table.rows import Row

METRICS = ("balanced_accuracy", "auroc", "accuracy")
"""The metrics of the page; the first two have no reward for always naming the largest class."""


class Part(NamedTuple):
    """What one metric shows.

    Attributes:
      metric: its name.
      name: its name in words.
      sentences: the claim in sentences.
      summaries: those of each data set and ipc, in the order of the table.
      claims: the claim in numbers.
      boundaries: where each method is of use.
    """

    metric: str
    name: str
    sentences: Sequence[str]
    summaries: Mapping[tuple[str, int], Sequence[Summary]]
    claims: Sequence[Claim]
    boundaries: Sequence[Boundary]

    @property
    def charts(self) -> list[str]:
        """What methods gain over the best random images, as SVG for each ipc that has gains."""
        gains: dict[int, dict[str, dict[str, Interval]]] = {}
        for (dataset, ipc), found in self.summaries.items():
            for one in found:
                # What takes no time to make is a baseline itself.
                if one.seconds is not None and one.over_selected is not None:
                    own = gains.setdefault(ipc, {}).setdefault(dataset, {})
                    own[one.key.method] = one.over_selected
        charts = (gains_chart(groups, metric=self.metric, ipc=ipc) for ipc, groups in gains.items())
        return [svg for svg in charts if svg]


def part_of(rows: Sequence[Row], metric: str) -> Part:
    """Computes what one metric shows.

    Args:
      rows: the rows of the table.
      metric: the metric.
    """
    found = summarise(rows, metric=metric)
    claims, groups = claims_of(rows, found, metric=metric), dict[tuple[str, int], list[Summary]]()
    for one in found:
        groups.setdefault((one.key.dataset, one.key.ipc), []).append(one)
    name = metric_name(metric)
    said = sentences(claims, metric=name)
    return Part(metric, name, said, groups, claims, boundaries_of(found))


def write_page(
    path: str | os.PathLike,
    rows: Sequence[Row],
    *,
    jobs: tuple[int, int],
    notes: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
) -> None:
    """Writes the report atomically.

    Args:
      path: the file; an existing one is replaced.
      rows: the rows of the table.
      jobs: how many jobs are finished, and how many there are.
      notes: what else a reader must know, such as failed jobs, a line each.
      config: the settings of the study.

    Raises:
      UserError: if the file cannot be written.
    """
    environment = templates(__package__)
    environment.filters["share"] = texts.share_text
    page = environment.get_template("study.html.jinja").render(
        parts=[part_of(rows, metric) for metric in METRICS if rows],
        compared=compare_ways(rows),
        jobs=jobs,
        notes=notes,
        config=config or {},
        texts=texts,
        duration=duration,
        datasets=list(dict.fromkeys(row.dataset for row in rows)),
    )
    store.write_bytes(path, page.encode(errors="backslashreplace"))
