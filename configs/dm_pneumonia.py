"""DM on PneumoniaMNIST."""

from medjax import config


def get_config(arg=None):
    return config.make("dm", "pneumoniamnist", arg)
