"""Training until a score no longer improves, and the networks at their best."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from medjax.training.trainer import Training, Watch

_PATIENCE = 5
_RATES = 2


class Budget(NamedTuple):
    """The length of a training, in steps; whole epochs are rounded up.

    Attributes:
      least: steps before the training may end.
      most: steps after which it ends.
      every: steps between two scores.
    """

    least: int
    most: int
    every: int


class Plateau(NamedTuple):
    """Networks at their best score.

    Attributes:
      variables: as ``Training.variables`` returns them.
      steps: steps of SGD that these networks were trained for.
      total_steps: steps until the training ended.
      reached: whether the score had stopped improving; otherwise the budget ended the training.
    """

    variables: Any
    steps: int
    total_steps: int
    reached: bool


def train_to_plateau(
    training: Training,
    score: Callable[[Any], float],
    *,
    steps_per_epoch: int,
    budget: Budget,
    watch: Watch = lambda _: None,
) -> Plateau:
    """Trains at a constant learning rate while a score improves, then at a tenth of it.

    The rate falls after five scores without a new best one, and training resumes from the best
    networks. It ends after five further scores without a new best one. The schedule of the recipe
    gives the first rate only.

    Args:
      training: networks before their first epoch, from ``start_training``.
      score: a number for the variables of all networks, such as their mean score on val; higher is
        better.
      steps_per_epoch: steps of SGD in an epoch.
      budget: the least and the greatest number of steps, and how often networks are scored.
      watch: is called with the fraction of the greatest number of steps that is done, 0–1.

    Returns:
      The networks at the best score, the earliest of equals.

    Example:
      >>> import jax
      >>> import jax.numpy as jnp
      >>> from medjax import nets
      >>> from medjax.training import Recipe, start_training
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> images, labels = jnp.zeros((4, 4, 4, 1)), jnp.array([0, 0, 1, 1])
      >>> training = start_training(
      ...     jax.random.key(0), net, images, labels, recipe=Recipe(), num_networks=1
      ... )
      >>> budget = Budget(least=4, most=100, every=2)
      >>> found = train_to_plateau(training, lambda _: 0.5, steps_per_epoch=1, budget=budget)
      >>> found.steps, found.total_steps, found.reached
      (2, 22, True)
    """
    every = -(-budget.every // steps_per_epoch)
    least, most = (-(-steps // steps_per_epoch) for steps in (budget.least, budget.most))
    now = training._replace(schedule=_constant(training, dropped=False))
    watch(0.0)
    best, best_score, spent = now, float("-inf"), 0
    for dropped in range(_RATES):
        now = best if dropped else now
        now = now._replace(schedule=_constant(training, dropped=bool(dropped)))
        waited = 0
        while spent < most and (waited < _PATIENCE or (dropped and spent < least)):
            step = min(every, most - spent)
            told = functools.partial(_tell, watch, spent, step, most)
            now, spent = now.until(now.epochs + step, watch=told), spent + step
            found = score(now.variables())
            waited += 1
            if found > best_score:
                best, best_score, waited = now, found, 0
    watch(1.0)
    steps, total = best.epochs * steps_per_epoch, spent * steps_per_epoch
    return Plateau(best.variables(), steps, total, reached=waited >= _PATIENCE)


def _tell(watch: Watch, spent: int, step: int, most: int, done: float) -> None:
    """Tells how much is done during a step; its begin was told before, the end may be later."""
    told = (spent + done * step) / most
    if done > 0 and told < 1:
        watch(told)


def _constant(training: Training, *, dropped: bool) -> Any:
    """Returns the schedule at the first learning rate, or at a tenth of it."""
    first, never = 0, 2**31 - 1
    return training.schedule._replace(
        drop_epoch=first if dropped else never,
        resets_momentum=False,
        anneals=False,
        warmup_epochs=0,
    )
