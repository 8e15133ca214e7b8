"""The baselines of a distilled set, one after the other."""

import flax.linen as nn

from medjax.data import Split
from medjax.errors import UserError
from medjax.evaluate.baselines.comparison import Baseline, Comparison, Plan, Watch
from medjax.evaluate.baselines.made import Keep
from medjax.evaluate.baselines.subsets import score_k_center, score_random, select_random
from medjax.evaluate.baselines.teacher import Teacher
from medjax.evaluate.baselines.whole import as_baseline, is_balanced, train_whole
from medjax.evaluate.protocol import Benchmark, score_nothing
from medjax.types import MULTI_LABEL, PRNGKey


def score_baselines(
    keys: tuple[PRNGKey, PRNGKey],
    net: nn.Module,
    train: Split,
    benchmark: Benchmark,
    *,
    plan: Plan,
    teacher: Teacher | None = None,
    keep: Keep = lambda _, make: make(),
    watch: Watch = lambda *_: None,
) -> dict[str, Baseline]:
    """Scores the training sets that a distilled set is compared with.

    - ``random``: ``ipc`` random real images of each class, drawn for every network, so that the
      spread covers both subsets and networks.
    - ``random_selected``: the best on val of ``plan.draws`` random subsets. A distilled set that
      was selected on val is compared with it, because selection alone improves random images. Only
      with a val split.
    - ``random_mixed`` and ``random_mixed_selected``: the same with ``plan.factor²`` times as many
      images of a lower resolution, which take as much room as the distilled images; only if the
      factor is above 1. What they gain needs no distillation.
    - ``random_hard``: ``random`` with classes as labels; only with a ``teacher``.
    - ``kcenter``: ``ipc`` real images of each class, chosen by greedy k-center in the embedding of
      a network trained on all images.
    - ``whole``: all real images, trained to a plateau of the score on val.
    - ``whole_balanced``: the same with equal weights of the classes, which a distilled set has.
    - ``nothing``: no finding for any image; only for a multi-label set.

    The classes of a multi-label set are groups, see ``data.group_indices``. A class with fewer
    images than ``ipc`` contributes all of them. With a ``teacher``, networks train on the soft
    labels that it gives the random images and those of k-center, as it does to the distilled ones.

    Args:
      keys: PRNG keys of the final scores and of the scores on val that select. Networks get the
        same initial parameters as in ``evaluate_set`` with these keys.
      net: a flax module with ``embed``.
      train: the real training images.
      benchmark: the splits to score on.
      plan: how the baselines are made, trained and selected.
      teacher: from ``make_teacher``; ``None`` for classes as labels.
      keep: returns results that were computed before; by default everything is computed.
      watch: is told what is trained, and how much of it is done.

    Returns:
      ``Baseline`` by name.

    Raises:
      UserError: as ``evaluate_set`` does, or if ``ipc`` is negative or of the wrong length.

    Example:
      >>> import jax
      >>> import numpy as np
      >>> from medjax import nets
      >>> from medjax.training import Recipe
      >>> split = Split(np.zeros((4, 4, 4, 1), np.uint8), np.array([0, 0, 1, 1], np.int32))
      >>> stats = (np.zeros(1, np.float32), np.ones(1, np.float32))
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> benchmark = Benchmark({"val": split, "test": split}, stats, "binary-class")
      >>> plan = Plan(
      ...     ipc=1, recipe=Recipe(epochs=1), select_recipe=Recipe(epochs=1), num_networks=2,
      ...     select_by="auroc", select_networks=1, draws=2, whole_steps=1,
      ... )
      >>> keys = jax.random.key(0), jax.random.key(1)
      >>> list(score_baselines(keys, net, split, benchmark, plan=plan))
      ['random', 'random_selected', 'kcenter', 'whole', 'whole_balanced']
    """
    hard = Comparison(*keys, net, train, benchmark, plan, keep, watch)
    comparison = hard if teacher is None else hard.taught_by(teacher)
    baselines = {"random": score_random(comparison)}
    if "val" in benchmark.splits:
        baselines["random_selected"] = select_random(comparison)
    if plan.factor > 1:
        baselines["random_mixed"] = score_random(comparison, mixed=True)
        if "val" in benchmark.splits:
            baselines["random_mixed_selected"] = select_random(comparison, mixed=True)
    if teacher is not None:
        baselines["random_hard"] = score_random(hard)
    whole = train_whole(hard, balanced=False) if teacher is None else teacher.whole
    baselines["kcenter"] = score_k_center(comparison, whole)
    baselines["whole"] = as_baseline(whole)
    # Networks would be the same again if all classes are equally frequent.
    balanced = whole if is_balanced(hard) else train_whole(hard, balanced=True)
    baselines["whole_balanced"] = as_baseline(balanced)
    if benchmark.task == MULTI_LABEL:
        nothing = score_nothing(benchmark, num_labels=train.labels.shape[1])
        baselines["nothing"] = Baseline(nothing, {})
    return baselines


def make_teacher(
    keys: tuple[PRNGKey, PRNGKey],
    net: nn.Module,
    train: Split,
    benchmark: Benchmark,
    *,
    plan: Plan,
    temperature: float = 1.0,
    keep: Keep = lambda _, make: make(),
    watch: Watch = lambda *_: None,
) -> Teacher:
    """Trains the baseline ``whole``, whose first network then gives soft labels to other images.

    A teacher puts what all real images know into the labels of a few images, so soft labels improve
    any images. A distilled set with them is compared with random images that have the same
    teacher's labels.

    Args:
      keys, net, train, benchmark, plan, keep, watch: see ``score_baselines``.
      temperature: ``T`` of the labels ``softmax(logits / T)``.

    Returns:
      The teacher, for ``score_baselines`` among others.

    Raises:
      UserError: for a multi-label set, whose findings do not exclude each other.

    Example:
      >>> import jax
      >>> import numpy as np
      >>> from medjax import nets
      >>> from medjax.training import Recipe
      >>> split = Split(np.zeros((4, 4, 4, 1), np.uint8), np.array([0, 0, 1, 1], np.int32))
      >>> stats = (np.zeros(1, np.float32), np.ones(1, np.float32))
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> benchmark = Benchmark({"val": split, "test": split}, stats, "binary-class")
      >>> plan = Plan(
      ...     ipc=1, recipe=Recipe(epochs=1), select_recipe=Recipe(epochs=1), num_networks=1,
      ...     select_by="auroc", select_networks=1, draws=1, whole_steps=1,
      ... )
      >>> keys = jax.random.key(0), jax.random.key(1)
      >>> teacher = make_teacher(keys, net, split, benchmark, plan=plan)
      >>> teacher.label(split.images).shape
      (4, 2)

    Li et al., "DD-Ranking: Rethinking the Evaluation of Dataset Distillation", 2025.
    """
    if benchmark.task == MULTI_LABEL:
        raise UserError("a teacher needs classes that exclude each other, and the set has findings")
    comparison = Comparison(*keys, net, train, benchmark, plan, keep, watch)
    whole = train_whole(comparison, balanced=False)
    return Teacher(net, whole, benchmark.stats, temperature)
