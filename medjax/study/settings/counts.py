"""The check of numbers that a study counts by."""

from medjax.errors import UserError


def check_counts(**counts: int) -> None:
    """Refuses numbers below 1.

    Args:
      **counts: the numbers by their names.

    Raises:
      UserError: for the first number below 1.

    Example:
      >>> check_counts(ipc=10, seeds=0)
      Traceback (most recent call last):
      medjax.errors.UserError: seeds must be at least 1, got 0
    """
    for name, value in counts.items():
        if value < 1:
            raise UserError(f"{name} must be at least 1, got {value}")
