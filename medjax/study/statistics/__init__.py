"""What a table shows: spreads, differences and ratios with intervals, claims, comparisons."""
