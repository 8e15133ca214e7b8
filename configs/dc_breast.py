"""DC on BreastMNIST."""

from medjax import config


def get_config(arg=None):
    return config.make("dc", "breastmnist", arg)
