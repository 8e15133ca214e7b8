"""The timed cases: shapes, sizes and kinds of work, shared by medjax and the reference."""

from typing import NamedTuple

import numpy as np

WIDTH = 128
DEPTH = 3
BATCH_REAL = 256
BATCH_TRAIN = 256
STRATEGY = "color_crop_cutout_flip_scale_rotate"
EPOCHS = 10
"""Epochs of each timed training: between two outer steps, and of evaluation networks."""
WHOLE_IMAGES = 2048
"""Real images in the one epoch of whole-data training."""
STEPS = {"cpu": 1, "gpu": 50, "tpu": 50}
"""Outer steps per timing, by platform."""

WORKS = {
    "dm": "DM, an outer step",
    "dc": "DC, an outer step",
    "dsa": "DSA, an outer step",
    "dsa_life": "DSA, two outer steps and 10 epochs between",
    "eval5": "5 networks, 10 epochs",
    "eval5_dsa": "5 networks, 10 epochs, augmented",
    "eval20": "20 networks, 10 epochs",
    "eval20_dsa": "20 networks, 10 epochs, augmented",
    "whole": "a network, an epoch of 2,048 real images",
}
OUTER_STEPS = ("dm", "dc", "dsa")


class Case(NamedTuple):
    """A data set's shape and the size of its synthetic set."""

    channels: int
    size: int
    classes: int
    ipc: int

    @property
    def shape(self) -> str:
        """The shape as written on the command line, without ``ipc``."""
        return f"{self.channels}x{self.size}x{self.classes}"


SHAPES = {case.shape: case for case in (Case(1, 28, 2, 0), Case(3, 28, 9, 0), Case(3, 64, 8, 0))}


def images(case: Case, *, per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns random images, uint8 ``[n, h, w, c]``, and labels ``[n]``."""
    # The pixels are random, because no time depends on them.
    labels = np.repeat(np.arange(case.classes), per_class).astype(np.int32)
    shape = (len(labels), case.size, case.size, case.channels)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), labels


def networks(work: str) -> tuple[int, str]:
    """Returns how many networks an evaluation trains, and their augmentation."""
    count, _, augmented = work.removeprefix("eval").partition("_")
    return int(count), STRATEGY if augmented else "none"
