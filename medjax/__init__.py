"""medjax: dataset distillation for medical images, in JAX.

Importing ``medjax`` itself loads nothing heavy; import the part you need::

    from medjax import augment, data, evaluate, kernels, methods, nets, share
"""

__version__ = "0.1.0"
