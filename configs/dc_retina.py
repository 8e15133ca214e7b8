"""DC on RetinaMNIST."""

from medjax import config


def get_config(arg=None):
    return config.make("dc", "retinamnist", arg)
