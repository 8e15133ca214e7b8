"""DSA on RetinaMNIST."""

from medjax import config


def get_config(arg=None):
    return config.make("dsa", "retinamnist", arg)
