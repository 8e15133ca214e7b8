"""Whether indicators predict what distilling gains, and what is predicted for a data set."""
