"""The error for what is no bundle."""

from medjax.errors import UserError


class RefusedError(UserError):
    """Something that no bundle holds; the message is the reason alone."""
