"""Data sets that are mixed from classes of others, by a recipe in their name."""
