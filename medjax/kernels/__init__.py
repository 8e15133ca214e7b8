"""Pure, unjitted, differentiable kernels of distillation; networks are passed as functions."""

from medjax.kernels.characteristic import characteristic_distance
from medjax.kernels.chunking import chunked_map, chunked_sum
from medjax.kernels.distances import (
    columnwise_cosine,
    conv_absolute_error,
    conv_squared_error,
    cosine,
    squared_error,
)
from medjax.kernels.distribution_matching import (
    conditional_embedding_loss,
    linear,
    mean_embedding,
    mean_embedding_loss,
    mmd,
    rbf,
)
from medjax.kernels.features import batch_features, unit_rows
from medjax.kernels.gradient_matching import loss_gradient, matching_loss
from medjax.kernels.losses import (
    cross_entropy,
    sigmoid_cross_entropy,
    soft_cross_entropy,
    softmax_cross_entropy,
    weighted_mean,
)
from medjax.kernels.sharpness import sharpness_aware_gradient
from medjax.kernels.student import UNROLLS, train_student
from medjax.kernels.trajectory_matching import trajectory_loss
from medjax.kernels.trajectory_shape import progressive_loss, shape_loss
from medjax.kernels.unbiased_mmd import mmd_unbiased

__all__ = [
    "UNROLLS",
    "batch_features",
    "characteristic_distance",
    "chunked_map",
    "chunked_sum",
    "columnwise_cosine",
    "conditional_embedding_loss",
    "conv_absolute_error",
    "conv_squared_error",
    "cosine",
    "cross_entropy",
    "linear",
    "loss_gradient",
    "matching_loss",
    "mean_embedding",
    "mean_embedding_loss",
    "mmd",
    "mmd_unbiased",
    "progressive_loss",
    "rbf",
    "shape_loss",
    "sharpness_aware_gradient",
    "sigmoid_cross_entropy",
    "soft_cross_entropy",
    "softmax_cross_entropy",
    "squared_error",
    "train_student",
    "trajectory_loss",
    "unit_rows",
    "weighted_mean",
]
