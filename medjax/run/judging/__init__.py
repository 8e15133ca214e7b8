"""What a run reaches: the scores of its images beside baselines, which a cache keeps."""

from medjax.run.judging.baseline_cache import keeper
from medjax.run.judging.judgement import Judgement, baseline_plan, judge
from medjax.run.judging.learners import judge_learners
from medjax.run.judging.teaching import with_teacher

__all__ = ["Judgement", "baseline_plan", "judge", "judge_learners", "keeper", "with_teacher"]
