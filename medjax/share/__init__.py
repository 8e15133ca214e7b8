"""What a site shares: the file of synthetic images that others train on."""

from medjax.share.synthetic import SharedSet, load_synthetic, save_synthetic

__all__ = ["SharedSet", "load_synthetic", "save_synthetic"]
