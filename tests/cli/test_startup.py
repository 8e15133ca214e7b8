"""The set-up of JAX: what is changed, and what stays as the environment has it."""

import pytest

from medjax.cli import startup


@pytest.fixture
def asked(monkeypatch):
    """Collects the settings without changing any."""
    asked = []
    monkeypatch.setattr("jax.config.update", lambda *setting: asked.append(setting))
    return asked


@pytest.mark.parametrize(
    ("environment", "cores", "devices"),
    [
        ({}, 4, 2),
        ({}, 1, None),
        ({"JAX_NUM_CPU_DEVICES": "1"}, 4, None),
        ({"XLA_FLAGS": "--xla_force_host_platform_device_count=8"}, 4, None),
        ({"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"}, 4, 2),
    ],
    ids=str,
)
def test_a_cpu_of_several_cores_is_two_devices(monkeypatch, asked, environment, cores, devices):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(cores)))
    startup.set_up_jax({"JAX_COMPILATION_CACHE_DIR": "kept"} | environment)
    assert asked == ([] if devices is None else [("jax_num_cpu_devices", devices)])


def test_a_system_that_does_not_say_which_cores_are_ours(monkeypatch, asked):
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    startup.set_up_jax({"JAX_COMPILATION_CACHE_DIR": "kept"})
    assert asked == [("jax_num_cpu_devices", 2)]


def test_without_a_home_directory_compiled_programs_are_not_kept(monkeypatch, asked):
    monkeypatch.setattr("medjax.store.user_cache", lambda environment: None)
    startup.set_up_jax({"JAX_NUM_CPU_DEVICES": "1"})
    assert asked == []


def test_compiled_programs_are_kept_in_the_default_folder(asked, tmp_path):
    environment = {"JAX_NUM_CPU_DEVICES": "1", "XDG_CACHE_HOME": str(tmp_path)}
    startup.set_up_jax(environment)
    assert asked == [("jax_compilation_cache_dir", str(tmp_path / "medjax" / "xla"))]
