"""The tables of the documentation, filled in from the table of a study.

    python benchmarks/study_tables.py benchmarks/results/study README.md docs/STUDY.md

replaces what stands between a line ``<!-- table: KIND METRIC IPC -->`` and the next line
``<!-- end -->`` of each page. A test says if a page and the study disagree. The kinds are

- ``scores``: data sets and the scores of their training sets;
- ``gains``: the scores minus those of the best random images, and ``auto`` beside what it is to
  beat;
- ``seconds``: what making a set took;
- ``shown``: in one sentence, how many of the gains are above zero;
- ``claim``: on how many data sets few images suffice;
- ``indicator``, with a method in place of the metric: whether the primary indicator is useful.

Beside the table of the study it draws the gains of each metric and ipc, as in
``gains_auroc_10.svg``, and writes the figures of the indicators, ``indicator.md``.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from seeds_tables import discovered

from medjax import evaluate
from medjax.run.report import metric_name
from medjax.study.predict.outcomes import outcomes_of
from medjax.study.predict.text import verdict_markdown
from medjax.study.report.forest import gains_chart
from medjax.study.report.texts import NONE, gap_text, score_text
from medjax.study.statistics.claims import claims_of, sentences
from medjax.study.statistics.summaries import Cells, Key, cells_of, paired_means, summarise
from medjax.study.table.rows import Row, read_tables

SETS = {
    "breastmnist": "BreastMNIST",
    "pneumoniamnist": "PneumoniaMNIST",
    "retinamnist": "RetinaMNIST",
    "blood_cells": "blood cells",
    "mednist": "MedNIST",
    "mnist": "MNIST",
    "phantom": "`phantom`",
    "phantom_findings": "`phantom_findings`",
}
RANDOM = {
    "random": "random",
    "random_selected": "best random",
    "random_mixed_selected": "best random, as patches",
}
METHODS = {
    "herding": "herding",
    "dm": "DM",
    "dsa": "DSA",
    "dc": "DC",
    "idm": "IDM",
    "auto": "`auto`",
}
# Differences of two ways, beside those to the best random images.
PAIRS = {
    ("auto", "random_mixed_selected"): "`auto` − best random, as patches",
    ("auto", "dm"): "`auto` − DM",
}
METRICS = ("auroc", "balanced_accuracy")
Pair = tuple[str, str]
_BLOCK = re.compile(r"(<!-- table: (\w+) (\w+) (\d+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, rows: Sequence[Row]) -> str:
    """Returns a page with its tables as the rows of a study have them.

    Raises:
      KeyError: if a table is of no kind that there is.
      ValueError: if the mark of a table cannot be read, or has no end before the next one.
    """
    # A block without an end would swallow the mark of the next one.
    if page.count("<!-- table:") != len(_BLOCK.findall(page)):
        raise ValueError("a table has no end, or no kind, metric and ipc")

    def block(found: re.Match) -> str:
        kind, metric, ipc = found[2], found[3], int(found[4])
        return f"{found[1]}\n{KINDS[kind](rows, metric, ipc)}\n{found[5]}"

    return _BLOCK.sub(block, page)


def scores(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Returns the scores on test of random images, of each method and of all images."""
    found = {one.key: one for one in summarise(rows, metric=metric) if one.key.ipc == ipc}
    names = _present(RANDOM | METHODS, found)
    lines = _head(["", *names.values(), "all images"])
    for data in _sets(found):
        cells = [found.get(Key(data, method, ipc)) for method in names]
        whole = next(one.whole for one in cells if one is not None)
        texts = [score_text(one and one.score.interval, metric) for one in cells]
        lines.append(_line([SETS[data], *texts, score_text(whole, metric)]))
    return "".join(lines)


def gains(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Returns the differences, paired by seed; bold where the interval is above zero.

    The last two rows are the mean over data sets, with its interval over these, and the number of
    data sets on which the difference is above zero.
    """
    cells, columns = _columns(rows, metric, ipc)
    lines = _head(["", *(name for name, _ in columns)])
    table = [_differences(cells, pair, ipc) for _, pair in columns]
    for data in _sets(cells):
        texts = [_gap_text(column.get(data), metric) for column in table]
        lines.append(_line([SETS[data], *texts]))
    means = [[gap.mean for gap in column.values()] for column in table]
    lines.append(_line(["mean of sets", *(_mean_text(one, metric) for one in means)]))
    counts = [_counts(column) for column in table]
    return "".join([*lines, _line(["above zero on", *counts])])


def seconds(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Returns the seconds of making one set, choosing on val included."""
    found = {one.key: one for one in summarise(rows, metric=metric) if one.key.ipc == ipc}
    names = _present(METHODS, found)
    lines = _head(["", *names.values()])
    for data in _sets(found):
        taken = [found.get(Key(data, method, ipc)) for method in names]
        texts = [f"{one.seconds:.0f}" if one and one.seconds is not None else NONE for one in taken]
        lines.append(_line([SETS[data], *texts]))
    return "".join(lines)


def shown(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Says how many gains over the best random images are above zero, singly and together.

    Together: of what is shown, a share of at most 5 % may be by chance (Benjamini and Hochberg
    1995, paired t tests, two-sided). Herding counts as well, k-center does not, and ``auto`` is
    compared with random images of its own form.
    """
    cells, columns = _columns(rows, metric, ipc)
    own = [pair for _, pair in columns if pair[1].startswith("random")]
    patches = any(pair == ("auto", "random_mixed_selected") for pair in own)
    own = [pair for pair in own if not (patches and pair == ("auto", "random_selected"))]
    values = [_seeds(cells, data, pair, ipc) for pair in own for data in _sets(cells)]
    count, above, left = discovered(np.subtract(*pair) for pair in values if pair is not None)
    return (
        f"By {metric_name(metric)}, {above} of {count} gains over the best random images of the "
        f"same form have their interval above zero, and {left} at a false discovery rate of 5 %.\n"
    )


def claim(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Says on how many data sets distilled, and random, images of this ipc suffice."""
    rows = [row for row in rows if row.ipc == ipc]
    claims = claims_of(rows, summarise(rows, metric=metric), metric=metric)
    return " ".join(sentences(claims, metric=metric_name(metric))) + "\n"


def indicator(rows: Sequence[Row], method: str, ipc: int) -> str:
    """Says whether indicators predict the gains of a method."""
    return _indicator_paragraphs(rows, method, ipc)[1] + "\n"


def picture(rows: Sequence[Row], metric: str, ipc: int) -> str:
    """Draws the gains over the best random images as SVG."""
    cells, columns = _columns(rows, metric, ipc)
    columns = [(heading, pair) for heading, pair in columns if pair[1].startswith("random")]
    gaps = {heading: _differences(cells, pair, ipc) for heading, pair in columns}
    groups = {
        SETS[data].strip("`"): {
            heading.replace("`", "").replace(" − best random, as", ", beside"): found[data]
            for heading, found in gaps.items()
            if data in found
        }
        for data in _sets(cells)
    }
    return gains_chart(groups, metric=metric, ipc=ipc)


KINDS = {
    "scores": scores,
    "gains": gains,
    "seconds": seconds,
    "shown": shown,
    "claim": claim,
    "indicator": indicator,
}


def _indicator_paragraphs(rows: Sequence[Row], method: str, ipc: int) -> list[str]:
    found = outcomes_of(rows, method=method, ipc=ipc)
    return verdict_markdown(found, method=method, ipc=ipc).split("\n\n")


def _columns(rows: Sequence[Row], metric: str, ipc: int) -> tuple[Cells, list[tuple[str, Pair]]]:
    """Returns the cells on test and, by heading, the pairs of ways that are compared."""
    cells = {k: v for k, v in cells_of(rows, metric=metric, split="test").items() if k.ipc == ipc}
    methods = _present(METHODS, cells)
    columns = [(heading, (name, "random_selected")) for name, heading in methods.items()]
    there = {key.method for key in cells}
    columns += [(heading, pair) for pair, heading in PAIRS.items() if there.issuperset(pair)]
    return cells, columns


def _present(names: Mapping[str, str], found: Mapping[Key, object]) -> dict[str, str]:
    there = {key.method for key in found}
    return {name: heading for name, heading in names.items() if name in there}


def _sets(found: Mapping[Key, object]) -> list[str]:
    there = {key.dataset for key in found}
    return [name for name in SETS if name in there]


def _seeds(cells: Cells, data: str, pair: Pair, ipc: int) -> np.ndarray | None:
    """Returns the means of the seeds that both ways have; ``None`` if there are not two."""
    found = paired_means(*(cells.get(Key(data, method, ipc), {}) for method in pair))
    return found if found is not None and found.shape[1] > 1 else None


def _differences(cells: Cells, pair: Pair, ipc: int) -> dict[str, evaluate.Interval]:
    found = {data: _seeds(cells, data, pair, ipc) for data in _sets(cells)}
    shown = {data: pairs for data, pairs in found.items() if pairs is not None}
    return {data: evaluate.paired_interval(*pairs) for data, pairs in shown.items()}


def _counts(column: Mapping[str, evaluate.Interval]) -> str:
    found = [evaluate.verdict(gap) for gap in column.values()]
    below = found.count("is below")
    return f"{found.count('beats')} of {len(found)}" + (f", below on {below}" if below else "")


def _gap_text(gap: evaluate.Interval | None, metric: str) -> str:
    if gap is None:
        return NONE
    mark = "**" if evaluate.verdict(gap) == "beats" else ""
    return f"{mark}{gap_text(gap, metric)}{mark}"


def _mean_text(means: Sequence[float], metric: str) -> str:
    return _gap_text(evaluate.mean_interval(means) if len(means) > 1 else None, metric)


def _head(names: Sequence[str]) -> list[str]:
    return [_line(names), "|---" * len(names) + "|\n"]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n".replace("|  |", "| |")


def main() -> None:
    """Fills the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, help="folder with table.csv")
    parser.add_argument("pages", type=Path, nargs="+", help="Markdown files")
    arguments = parser.parse_args()
    rows = read_tables(arguments.study)
    for metric in METRICS:
        for ipc in sorted({row.ipc for row in rows}):
            if svg := picture(rows, metric, ipc):
                (arguments.study / f"gains_{metric}_{ipc}.svg").write_text(svg + "\n")
    if any(row.method == "indicator" for row in rows):
        figures = "\n\n".join(_indicator_paragraphs(rows, "dm", 10))
        (arguments.study / "indicator.md").write_text(figures)
    for path in arguments.pages:
        path.write_text(filled(path.read_text(), rows))


if __name__ == "__main__":
    main()
