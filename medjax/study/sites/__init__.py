"""Several sites: a set is divided among them, and the ways in which they can train together."""
