"""DM on the embedded phantom: no download, a few minutes on two CPU cores."""

from medjax import config


def get_config(arg=None):
    return config.make("dm", "phantom", ",".join(filter(None, ("quick", arg))))
