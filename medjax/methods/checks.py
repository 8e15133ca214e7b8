"""Checks of the options that a user sets."""

from medjax.errors import UserError


def check_numbers(*, at_least: float, **numbers: float) -> None:
    """Raises an error if a number is too small.

    Args:
      at_least: the smallest value allowed.
      **numbers: values by the name of their option.

    Raises:
      UserError: for the first value that is smaller, or is not a number.

    Example:
      >>> check_numbers(at_least=1, batch_real=256)
    """
    for name, value in numbers.items():
        if not value >= at_least:
            raise UserError(f"{name} must be at least {at_least}, got {value}")
