"""DC on PneumoniaMNIST."""

from medjax import config


def get_config(arg=None):
    return config.make("dc", "pneumoniamnist", arg)
