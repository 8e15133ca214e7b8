"""Attacks on membership by tracing, for which nothing but the target is distilled."""

from collections.abc import Sequence

from medjax.privacy.case.case import Case
from medjax.privacy.case.start import known_start
from medjax.privacy.statistics import evidence
from medjax.privacy.statistics.membership import Attack
from medjax.privacy.tracing import spaces
from medjax.run.setup import keys_of

# Whose networks the seed determines.
_RANDOM_NETWORKS = ("auto", "dm")


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
