"""Inspection of a data set: contents, duplicates and warnings."""
