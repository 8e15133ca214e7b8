"""A finished run, the random half of its images that is distilled again, and both as a case."""
