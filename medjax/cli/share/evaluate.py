"""``medjax share evaluate``: scores a bundle on real images, beside what its card says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from absl import flags

from medjax import share, store
from medjax.cli import evaluate, messages
from medjax.errors import UserError
from medjax.run.report import metric_name
from medjax.run.report.table import metric_text

_USAGE = """Trains networks on a bundle as its card says, and scores them on real test images.

  python -m medjax.share evaluate site_a.zip
  python -m medjax.share evaluate site_a.zip --data=folder:scans --folder.table=table.csv
  python -m medjax.share evaluate site_a.zip --data=pneumoniamnist --eight_bit

The bundle comes first. --data may be missing if the images are of a public set. All flags but
--synthetic are those of 'medjax evaluate':"""
_SAME = 1e-6  # rounding of sums
_COMPARED = ("accuracy", "balanced_accuracy", "auroc")


def run(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status of ``medjax.evaluate``.

    Raises:
      UserError: for a wrong flag, or a damaged bundle.
    """
    if {"--help", "-h"} & set(argv):
        print(_USAGE, "\n\n", evaluate.defined_flags().get_help(), sep="")
        return messages.DONE
    values = flags.FlagValues()
    flags.DEFINE_string("out", None, "JSON file to write", values)
    program, *rest = values(list(argv), known_only=True)
    if not rest or rest[0].startswith("-"):
        raise UserError("evaluate needs a bundle first, as in evaluate site_a.zip --data=mine.npz")
    if any(flag.lstrip("-").partition("=")[0] == "synthetic" for flag in rest[1:]):
        raise UserError("--synthetic has no place here: the bundle is what is scored")
    path = store.expand_user(rest[0])
    card = share.read_bundle(path).card
    out = values.out or str(path.with_name(f"{path.stem}_evaluation.json"))
    status = evaluate.main([program, f"--synthetic={path}", f"--out={out}", *rest[1:]])
    if status == messages.DONE:
        found = json.loads(store.expand_user(out).read_text(encoding="utf-8"))
        for line in compared(card, found):
            print(line)
    return status


def compared(card: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line for each score that a card says, beside the one that was found.

    Args:
      card: the content of ``card.json``.
      found: the content of the JSON file that ``medjax.evaluate`` writes.

    Example:
      >>> card = {"scores": {"set": {"accuracy": {"mean": 0.8, "std": 0.02, "n": 5}}}}
      >>> card |= {"training": {"network": "convnet"}, "data": {"name": "phantom"}}
      >>> scores = {"test": {"accuracy": {"mean": 0.79, "std": 0.01, "n": 5}}}
      >>> print(*compared(card, {"data": {"name": "phantom"}, "results": {"convnet": scores}}))
      accuracy 79.0 ± 1.0; the card says 80.0 ± 2.0: within its spread
    """
    if card["scores"] is None:
        yield "The card has no scores: nobody has scored this set before."
        return
    scores = found["results"].get(card["training"]["network"], {}).get("test", {})
    said = card["scores"]["set"]
    for metric in (name for name in _COMPARED if name in scores and name in said):
        ours, theirs = (metric_text(x, metric) for x in (scores, said))
        verdict = _verdict(scores[metric], said[metric])
        yield f"{metric_name(metric)} {ours}; the card says {theirs}: {verdict}"
    name = card["data"]["name"]
    if scores and (name is None or found["data"]["name"] != name):
        yield f"The card's scores are on the test images of {name or 'its own site'}, not on these."


def _verdict(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    if theirs["mean"] is None or ours["mean"] is None:
        return "not comparable"
    difference = ours["mean"] - theirs["mean"]
    if abs(difference) < _SAME:
        return "the same"
    if theirs["n"] < 2:
        return "its one network has no spread"
    within = abs(difference) <= theirs["std"]
    return "within its spread" if within else f"{difference:+.3f}, more than its spread"
