"""Pillow's limit of the pixels of a file."""

from PIL import Image

from medjax.data.damaged import UndecodableError


def exceeded() -> UndecodableError:
    """Returns the error for a file that Pillow refuses to open for its size."""
    most = f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,}"
    return UndecodableError(f"has more pixels than the {most} that are read; shrink it first")
