"""Pure, unjitted, differentiable kernels of distillation; networks are passed as functions."""

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
from medjax.kernels.gradient_matching import loss_gradient, matching_loss
from medjax.kernels.losses import (
    cross_entropy,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    weighted_mean,
)
from medjax.kernels.trajectory_matching import UNROLLS, trajectory_loss

__all__ = [
    "UNROLLS",
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
    "rbf",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "squared_error",
    "trajectory_loss",
    "weighted_mean",
]
