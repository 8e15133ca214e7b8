"""The table of a study: its rows, and the files of what is finished."""
