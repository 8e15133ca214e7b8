"""A grid: data sets, methods, images per class, seeds and networks, and its two kinds of jobs."""
