"""Studies: grids of runs as independent jobs, their table, and the statistics of it."""
