"""Whether indicators predict what distilling gains, and what they predict for a data set."""
