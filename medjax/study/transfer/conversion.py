"""Images of one data set in the shape of another's."""

import dataclasses

from medjax import data
from medjax.errors import UserError


def in_shape_of(dataset: data.Dataset, model: data.Dataset) -> data.Dataset:
    """Converts the images of a set to the sides and channels of another set's.

    Images of other sides are resized, as the step ``resize`` does, with padding that keeps their
    aspect. Grey images become three equal channels, and coloured ones the luminance of the step
    ``grayscale``.

    Args:
      dataset: uint8 splits.
      model: a set in whose shape the images are wanted; a square one, unless the sides are equal.

    Returns:
      The set, with the moments of its converted training images unless ``normalize(fixed)`` gave
      them for as many channels; as it is, if the shapes are equal.

    Raises:
      UserError: if the images cannot be converted.
    """
    shape, wanted = (x.train.images.shape[1:] for x in (dataset, model))
    if shape == wanted:
        return dataset
    if shape[:2] != wanted[:2] and wanted[0] != wanted[1]:
        raise UserError(
            f"{dataset.info.name} is {shape[0]}×{shape[1]} and {model.info.name} is "
            f"{wanted[0]}×{wanted[1]}: images are resized to squares only"
        )
    steps = [] if shape[:2] == wanted[:2] else [f"resize({wanted[0]})"]
    if shape[2] != wanted[2]:
        steps.append("grayscale" if wanted[2] == 1 else "rgb")
    convert = data.parse_preparation("|".join(steps))
    splits = {
        name: data.Split(convert.apply(split.images), split.labels)
        for name, split in dataset.splits.items()
    }
    moments = {}
    if not (dataset.has_fixed_moments and dataset.mean.size == wanted[2]):
        mean, std = data.channel_stats(splits["train"].images)
        moments = {"mean": mean, "std": std}
    return dataclasses.replace(dataset, **splits, **moments)
