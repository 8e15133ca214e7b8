"""What scores of attacks show: areas, rates, p-values, and what they could have seen."""
