"""Summaries of earlier versions can still be read."""

import pytest

from medjax.errors import UserError
from medjax.run.config import make
from medjax.run.config.old import upgraded
from medjax.run.settings import Settings


@pytest.fixture
def config():
    return make("dsa", "breastmnist", "quick,net.name=resnet18,seed=3").to_dict()


def test_a_config_of_this_version_is_unchanged(config):
    assert Settings.from_config(upgraded(config)) == Settings.from_config(config)


def test_a_key_that_is_missing_has_its_default(config):
    wanted = Settings.from_config(config)
    del config["evaluation"]["whole_steps"], config["checkpoint"]["keep"], config["ipc_shares"]
    found = Settings.from_config(upgraded(config))
    assert (found.seed, found.net, found.data) == (wanted.seed, wanted.net, wanted.data)
    assert (found.checkpoint.keep, found.ipc_shares) == (2, "balanced")


def test_an_option_that_is_gone_is_left_out_if_it_says_what_every_run_does():
    wanted = Settings.from_config(make("idm", "phantom", "quick").to_dict())
    for balanced in (False, True):
        config = make("idm", "phantom", "quick").to_dict()
        config["distill"]["balanced"] = balanced
        assert (Settings.from_config(upgraded(config)) == wanted) is not balanced


def test_an_unknown_method_is_refused(config):
    with pytest.raises(UserError, match="unknown method 'dss'"):
        upgraded(config | {"method": "dss"})


def test_an_unknown_key_is_kept_and_refused_as_always(config):
    config["evaluation"]["other"] = 1
    with pytest.raises(UserError, match=r"unknown config key 'evaluation\.other'"):
        Settings.from_config(upgraded(config))


@pytest.mark.parametrize("name", ["method", "net", "distill", "data"])
def test_a_config_without_its_main_parts_is_refused(config, name):
    del config[name]
    with pytest.raises(UserError, match=f"^config key {name} is missing$"):
        upgraded(config)


def test_a_config_without_the_name_of_its_data_is_refused(config):
    del config["data"]["name"]
    with pytest.raises(UserError, match=r"^config key data\.name is missing$"):
        upgraded(config)
