"""Checks of the options that a user sets."""

from medjax.errors import UserError


def check_numbers(*, at_least: float, **numbers: float) -> None:
    """Raises a ``UserError`` for the first option whose value is below ``at_least``, or NaN."""
    for name, value in numbers.items():
        if not value >= at_least:
            raise UserError(f"{name} must be at least {at_least}, got {value}")
