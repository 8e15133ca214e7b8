"""Canaries: planted images that are easy to trace, and the bounds of ε from them."""
