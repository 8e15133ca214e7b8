"""The tests of every audit, for which nothing but the half is distilled."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from medjax.privacy.case.case import Case
from medjax.privacy.case.start import known_start
from medjax.privacy.copies import release
from medjax.privacy.copies.nearest import CopyTest
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import Attack
from medjax.privacy.tracing import spaces
from medjax.run.setup import keys_of

# Whose networks the seed determines.
_RANDOM_NETWORKS = ("auto", "dm")


class DefaultTests(NamedTuple):
    """What every audit tries.

    Attributes:
      attacks: on membership.
      copies: of the released images and of those of the half.
      closeness: see ``copies.closeness``, by space.
      no_start_because: why the match with the start was not tried, if the start was real and it was
        not.
    """

    attacks: list[Attack]
    copies: list[CopyTest]
    closeness: dict[str, Any]
    no_start_because: str | None


def default_tests(
    case: Case, made: Sequence[spaces.Space], own: Sequence[spaces.Space], *, images: int
) -> DefaultTests:
    """Tries all that needs no further distillation.

    Args:
      case: the case.
      made: the spaces that anybody can compute, from ``spaces.make_spaces``.
      own: those of ``own_networks``.
      images: held-out images, and as many training images, that distances are compared with.

    Returns:
      The outcomes.
    """
    copies, closeness, why_not = release.compare(case.run, images=images)
    copies += [release.nearest_of_half(case, space) for space in (made[0], made[-1])]
    return DefaultTests(tracing_attacks(case, made, own), copies, closeness, why_not)


def own_networks(case: Case) -> list[spaces.Space]:
    """Returns the spaces of the run's own networks, which whoever knows the seed can compute.

    Args:
      case: the case.

    Returns:
      One space for each network; none for a method whose networks depend on more than the seed.
    """
    run = case.run
    if run.settings.method not in _RANDOM_NETWORKS:
        return []
    key = keys_of(run.settings.seed)["distill"]
    return spaces.own_spaces(case.scene, run.net(), key=key, iterations=run.iterations)


def tracing_attacks(
    case: Case, made: Sequence[spaces.Space], own: Sequence[spaces.Space]
) -> list[Attack]:
    """Traces in each space, with the seed known, and by the nearest image.

    Args:
      case: the case.
      made: the spaces that anybody can compute, from ``spaces.make_spaces``.
      own: those of ``own_networks``.

    Returns:
      The attacks.
    """
    scene, population, attacks = case.scene, case.scene.population, []
    for name, some in spaces.by_name(made):
        scores = [space.scores(scene, scene.target) for space in some]
        attacks += evidence.attacks(name, scores, population)
    start = known_start(case)
    if start is not None:
        for space in made[:2]:
            scores = space.scores(scene, scene.target, start=start)
            attacks += evidence.attacks(f"{space.name}{spaces.SEED}", scores, population)
    if own:
        scores = [space.scores(scene, scene.target) for space in own]
        attacks += evidence.attacks(f"{spaces.OWN_NETWORKS}{spaces.SEED}", scores, population)
    near = spaces.nearest_scores(scene)
    return attacks + evidence.attacks(spaces.NEAREST, near, population)
