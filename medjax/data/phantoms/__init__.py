"""Embedded data sets, painted from a seed."""
