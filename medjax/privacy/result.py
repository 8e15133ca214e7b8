"""The result of an audit, as ``audit.json`` holds it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.statistics.membership import Attack
from medjax.run.metrics import jsonable


@dataclasses.dataclass(frozen=True)
class AuditResult:
    """What an audit tried and found. It never clears a set: it finds a leak, or it does not.

    Attributes:
      alarm: whether a leak was found.
      verdict: the result in sentences.
      findings: a line for each leak that was found.
      attacks: the outcome of each attack on membership, and of that on canaries.
      copies: the questions about copies and near neighbours of real images.
      closeness: distances to training images beside those to held-out ones, see
        ``copies.closeness``; no test.
      epsilon: bounds of ε by canaries, by their kind; empty without a deep audit.
      detectable: the smallest leak found in 8 of 10 cases, by its measure; ``None`` where even the
        largest would be missed, and where no attack on membership was tried.
      tried: numbers of images, runs and tests, and why no attack on membership was tried, if so.
      run: method, data set, start, images per class and seed of the audited run, and the SHA-256 of
        its ``synthetic.npz``.
      publish: whether the site agreed to send the result with the images.
    """

    alarm: bool
    verdict: tuple[str, ...]
    findings: tuple[str, ...]
    attacks: tuple[Attack, ...]
    copies: tuple[CopyTest, ...]
    closeness: Mapping[str, Any]
    epsilon: Mapping[str, Any]
    detectable: Mapping[str, float | None]
    tried: Mapping[str, Any]
    run: Mapping[str, Any]
    publish: bool

    def asdict(self) -> dict[str, Any]:
        """Returns the content of ``audit.json``; it holds no score of a single image.

        Example:
          >>> empty = AuditResult(False, (), (), (), (), {}, {}, {}, {}, {}, False)
          >>> empty.asdict()["alarm"], empty.asdict()["publish"]
          (False, False)
        """
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields["attacks"] = [_named(attack) for attack in self.attacks]
        fields["copies"] = [test._asdict() for test in self.copies]
        found: dict[str, Any] = jsonable(fields)
        return found


def _named(attack: Attack) -> dict[str, Any]:
    found = attack._asdict() | {"rates": [rate._asdict() for rate in attack.rates]}
    if attack.group:  # the page draws no curve of it
        del found["roc"]
    return found
