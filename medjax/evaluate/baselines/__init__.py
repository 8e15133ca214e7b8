"""The baselines that a distilled set is compared with, under the same recipe."""
