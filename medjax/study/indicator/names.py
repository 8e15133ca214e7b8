"""The names of indicators and of their rows in a study's table."""

INDICATOR = "indicator"
"""The method of the rows that hold indicators, each as a metric in its own unit."""
CHANCE = "chance_"
"""A row whose metric starts so holds the chance level, 0–1, in the metric that it names."""
FIRST_SEED = 2**20
"""The seed of measurements, so that no subset of theirs is also a baseline of a grid."""
PRIMARY = "slope"
"""The one indicator that was named before any grid was run, see docs/STUDY.md."""
REPRESENTATIVENESS = ("mmd", "coverage", "density", "precision", "recall")
"""What ``representativeness`` returns."""
EXPLORATORY = ("random", "headroom", "kcenter_gain", *REPRESENTATIVENESS)
EXPLORATORY += ("classes", "smallest", "imbalance", "intrinsic_dimension")
"""All other indicators."""
