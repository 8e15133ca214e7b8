"""A table as it is written: its text, its rows, and what its columns hold."""
