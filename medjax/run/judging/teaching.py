"""The teacher of a run, which labels the distilled images and the random ones."""

from medjax import evaluate, parallel
from medjax.run.judging.baseline_cache import keeper
from medjax.run.judging.judgement import baseline_plan
from medjax.run.progress.stages import Stages
from medjax.run.setup import Experiment


def with_teacher(experiment: Experiment) -> Experiment:
    """Trains the teacher that the settings ask for, or takes it from the cache of baselines.

    It is the first network of the baseline ``whole``, which is not trained again afterwards.

    Returns:
      The experiment with its teacher; the same experiment for ``evaluation.labels=hard``.
    """
    evaluation = experiment.settings.evaluation
    if evaluation.labels != "teacher":
        return experiment
    teacher = evaluate.make_teacher(
        (experiment.keys["final"], experiment.keys["select"]),
        experiment.net,
        experiment.dataset.train,
        experiment.benchmark,
        plan=baseline_plan(experiment),
        temperature=evaluation.temperature,
        keep=keeper(experiment),
        watch=Stages(shown=parallel.is_first()).watch,
    )
    return experiment._replace(teacher=teacher)
