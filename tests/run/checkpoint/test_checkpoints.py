"""Checkpoints: exact, tied to their settings, and proof against damage."""

import errno
import json
import pathlib
import shutil
import subprocess
import sys
import textwrap
import warnings
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from medjax.errors import UserError
from medjax.run.binding import binding
from medjax.run.checkpoint import Checkpoints, checksum

SETTINGS = {"ipc": 10, "method.name": "dm", "method.lr": 1.0, "data.size": (28,)}


class State(NamedTuple):
    images: jax.Array
    optimizer: object
    extra: dict


def make_state(seed=0):
    key = jax.random.key(seed)
    images = jax.random.normal(key, (64, 8, 8, 1))
    optimizer = optax.sgd(0.1, momentum=0.5).init(images)
    optimizer = jax.tree.map(lambda x: x + 0.25, optimizer)
    extra = {
        "half": jax.random.normal(key, (3,), jnp.bfloat16),
        "labels": jnp.arange(64),
        "flags": np.array([True, False]),
        "count": jnp.int32(7),
        "none": None,
    }
    return State(images, optimizer, extra)


def assert_identical(restored, state):
    assert jax.tree.structure(restored) == jax.tree.structure(state)
    for new, old in zip(jax.tree.leaves(restored), jax.tree.leaves(state), strict=True):
        assert type(new) is type(old)
        assert (new.dtype, new.shape) == (old.dtype, old.shape)
        assert np.asarray(new).tobytes() == np.asarray(old).tobytes()


def save(folder, steps, settings=SETTINGS, keep=3):
    with Checkpoints(folder, keep=keep, tied_to=settings) as checkpoints:
        for step in steps:
            checkpoints.save(step, make_state(step))


def restore(folder, settings=SETTINGS, template=None):
    with Checkpoints(folder, keep=3, tied_to=settings) as checkpoints:
        return checkpoints.restore(template or make_state(99))


@pytest.fixture(scope="module")
def _saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "checkpoints"
    save(folder, [10, 20, 30])
    return folder


@pytest.fixture
def saved(_saved, tmp_path):
    """A fresh copy of a folder with the checkpoints of steps 10, 20 and 30."""
    return pathlib.Path(shutil.copytree(_saved, tmp_path / "checkpoints"))


def data_file(folder, step):
    """The largest file of a checkpoint: the one with the pixels."""
    files = [path for path in (folder / str(step)).rglob("*") if path.is_file()]
    return max(files, key=lambda path: path.stat().st_size)


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x01
    path.write_bytes(content)


def test_nothing_saved_is_none(tmp_path):
    assert restore(tmp_path / "new") is None


def test_round_trip_is_bit_identical(saved):
    step, state = restore(saved)
    assert step == 30
    assert_identical(state, make_state(30))


def test_float64(tmp_path, x64):
    state = {"images": jax.random.normal(jax.random.key(0), (4, 3))}
    assert state["images"].dtype == jnp.float64
    with Checkpoints(tmp_path, keep=1, tied_to={}) as checkpoints:
        checkpoints.save(1, state)
        _, back = checkpoints.restore(jax.tree.map(jnp.zeros_like, state))
    assert_identical(back, state)


def test_saving_does_not_see_later_donation(tmp_path):
    state = {"images": jnp.arange(1000.0)}
    step = jax.jit(lambda tree: jax.tree.map(lambda x: x * 0 - 1, tree), donate_argnums=0)
    with Checkpoints(tmp_path, keep=1, tied_to={}) as checkpoints:
        checkpoints.save(1, state)
        later = step(state)
        _, back = checkpoints.restore(later)
    np.testing.assert_array_equal(back["images"], np.arange(1000.0, dtype=np.float32))


def test_keeps_the_newest(tmp_path):
    save(tmp_path, [1, 2, 3, 4], keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]


def test_an_existing_step_is_kept(saved):
    with Checkpoints(saved, keep=3, tied_to=SETTINGS) as checkpoints:
        checkpoints.save(30, make_state(5))
    assert_identical(restore(saved)[1], make_state(30))


def test_placement_follows_the_template(tmp_path):
    mesh = jax.make_mesh((8,), ("class",), axis_types=(jax.sharding.AxisType.Auto,))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("class"))
    whole = jnp.arange(16.0)
    sharded = jax.device_put(whole, sharding)
    with Checkpoints(tmp_path, keep=2, tied_to={}) as checkpoints:
        checkpoints.save(1, {"x": whole})
        checkpoints.save(2, {"x": sharded})
        _, tree = checkpoints.restore({"x": sharded})
        assert tree["x"].sharding == sharding
        _, tree = checkpoints.restore({"x": whole})
        # Uncommitted like the template, or it could not meet a sharded array under jit.
        assert not tree["x"].committed
        np.testing.assert_array_equal(tree["x"] + sharded, 2 * np.arange(16))


@pytest.mark.parametrize("harm", [truncate, flip, pathlib.Path.unlink])
def test_a_damaged_newest_checkpoint_falls_back(saved, harm):
    harm(data_file(saved, 30))
    with pytest.warns(UserWarning, match=r"checkpoint \S*/30 is damaged .*from step 20"):
        step, state = restore(saved)
    assert step == 20
    assert_identical(state, make_state(20))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [truncate, empty, flip, pathlib.Path.unlink])
def test_damage_to_any_file_is_noticed_or_harmless(saved, harm):
    files = [path for path in (saved / "30").rglob("*") if path.is_file() and path.stat().st_size]
    noticed = set()
    for path in files:
        content = path.read_bytes()
        harm(path)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            step, state = restore(saved)
        assert_identical(state, make_state(step))
        assert [str(warning.message).split(" is damaged")[0] for warning in said] == (
            [] if step == 30 else [f"checkpoint {saved / '30'}"]
        )
        if step != 30:
            noticed.add(path)
        path.write_bytes(content)
    assert restore(saved)[0] == 30
    # Orbax's notes on a checkpoint as a whole are not needed to read it.
    harmless = {path.name for path in set(files) - noticed}
    assert harmless <= {"_CHECKPOINT_METADATA", "commit_success.txt"}
    assert len(noticed) > 5


def test_a_folder_that_was_being_removed_is_skipped(saved):
    for path in (saved / "30").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.warns(UserWarning, match="/30 is damaged .run is incomplete"):
        assert restore(saved)[0] == 20


def test_an_empty_step_is_skipped(saved):
    shutil.rmtree(saved / "30" / "run")
    with pytest.warns(UserWarning, match="/30 is damaged .run is incomplete"):
        assert restore(saved)[0] == 20


def test_a_damaged_checkpoint_is_replaced_when_its_step_comes_again(saved):
    flip(data_file(saved, 30))
    with Checkpoints(saved, keep=3, tied_to=SETTINGS) as checkpoints:
        with pytest.warns(UserWarning, match="/30 is damaged"):
            checkpoints.restore(make_state(0))
        checkpoints.save(25, make_state(25))
        checkpoints.save(30, make_state(30))
    step, state = restore(saved)
    assert step == 30
    assert_identical(state, make_state(30))


def test_all_damaged(saved):
    for step in (10, 20, 30):
        truncate(data_file(saved, step))
    with pytest.raises(UserError, match=r"^every checkpoint in \S+ is damaged: step 30.*remove"):
        restore(saved)


def test_other_settings_are_refused(saved):
    other = {"ipc": 20, "method.name": "dm", "method.lr": 1.0, "seed": 1}
    with pytest.raises(UserError) as caught:
        restore(saved, settings=other)
    assert str(caught.value) == (
        f"checkpoint {saved / '30'} was written with other settings: data.size is [28] there and "
        "absent here, ipc is 10 there and 20 here, seed is absent there and 1 here; "
        "use the same settings or another workdir"
    )


@pytest.mark.parametrize(
    "moved", [{"data": {"root": "/elsewhere", "size": [28]}}, {"checkpoint": {"keep": 3}}]
)
def test_resumable_overrides_may_change(tmp_path, moved):
    config = {"ipc": 10, "data": {"root": "/data", "size": [28]}, "checkpoint": {"keep": 2}}
    save(tmp_path, [30], settings=binding(config))
    assert restore(tmp_path, settings=binding(config | moved))[0] == 30
    with pytest.raises(UserError, match=r"data\.size is \[28\] there and \[64\] here"):
        restore(tmp_path, settings=binding(config | {"data": {"root": "/data", "size": [64]}}))


def test_a_checkpoint_from_before_an_option_is_read(tmp_path):
    config = {"ipc": 10, "data.name": "phantom", "data.convert.mode": "auto"}
    save(tmp_path, [30], settings=config)
    assert restore(tmp_path, settings=config | {"data.nifti.axis": 2})[0] == 30


def test_a_checkpoint_of_another_version_is_refused(saved):
    (path,) = (path for path in (saved / "30" / "run").iterdir() if path.name == "metadata")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({"config": content["tied_to"], "tree": content["tree"]}))
    checksum.write(path.parent)
    with pytest.raises(UserError, match=r"/30 was written by another version of medjax; [^\n]+$"):
        restore(saved)


def test_another_state_is_refused(saved):
    template = make_state(0)
    template = template._replace(
        images=jnp.zeros((2, 8, 8, 1)), extra=template.extra | {"x": jnp.ones(2)}
    )
    with pytest.raises(UserError) as caught:
        restore(saved, template=template)
    assert str(caught.value) == (
        f"checkpoint {saved / '30'} holds another state: extra.x is absent there and "
        '"float32[2]" here, images is "float32[64, 8, 8, 1]" there and "float32[2, 8, 8, 1]" here; '
        "use another workdir"
    )


def test_a_foreign_checkpoint_is_refused(tmp_path):
    from orbax import checkpoint as ocp

    with ocp.CheckpointManager(tmp_path) as manager:
        manager.save(5, args=ocp.args.StandardSave({"w": jnp.ones(3)}))
    with pytest.raises(UserError, match=r"/5 is not a checkpoint of medjax; use another workdir"):
        restore(tmp_path)


def test_keep_must_be_positive(tmp_path):
    with pytest.raises(UserError, match="1 or more, got 0"):
        Checkpoints(tmp_path, keep=0, tied_to={})


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"^cannot write checkpoints in \S+/file/below: [^\n]+$"):
        Checkpoints(tmp_path / "file" / "below", keep=1, tied_to={})


def test_a_write_that_fails_later_is_reported(tmp_path):
    folder = tmp_path / "gone"
    checkpoints = Checkpoints(folder, keep=1, tied_to={})
    shutil.rmtree(folder)
    folder.touch()
    with pytest.raises(UserError, match="cannot write checkpoints in"), checkpoints:
        checkpoints.save(1, {"x": jnp.ones(3)})
        checkpoints.wait()


@pytest.mark.parametrize("kind", [ValueError, RuntimeError])
@pytest.mark.parametrize(
    ("text", "cause", "reason"),
    [
        ("RESOURCE_EXHAUSTED: Failed [os_error_code='28']", None, "No space left on device"),
        ("the commit failed", OSError(errno.EDQUOT, "Disk quota exceeded"), "Disk quota exceeded"),
        ("the commit failed", ValueError("[os_error_code='5']"), "Input/output error"),
    ],
)
def test_a_fault_of_the_disk_is_one_line(kind, text, cause, reason, tmp_path, monkeypatch):
    with Checkpoints(tmp_path, keep=1, tied_to={}) as checkpoints:
        monkeypatch.setattr(checkpoints, "_check_room", lambda tree: fail(kind(text), cause))
        with pytest.raises(UserError, match=rf"^cannot write checkpoints in \S+: {reason}$"):
            checkpoints.save(1, {"x": jnp.ones(3)})


@pytest.mark.parametrize("error", [ValueError("bad shape"), RuntimeError("a bug"), KeyError("x")])
def test_a_bug_keeps_its_error(error, tmp_path, monkeypatch):
    with Checkpoints(tmp_path, keep=1, tied_to={}) as checkpoints:
        monkeypatch.setattr(checkpoints, "_check_room", lambda tree: fail(error, None))
        with pytest.raises(type(error)) as caught:
            checkpoints.save(1, {"x": jnp.ones(3)})
    assert caught.value is error


def fail(error, cause):
    raise error from cause


def test_a_killed_run_leaves_whole_checkpoints_only(tmp_path):
    script = textwrap.dedent(f"""
        import os, jax.numpy as jnp
        from medjax.run.checkpoint.checkpoints import Checkpoints
        checkpoints = Checkpoints({str(tmp_path)!r}, keep=2, tied_to={{}})
        checkpoints.save(1, {{"x": jnp.full(200_000, 1.0)}})
        checkpoints.wait()
        checkpoints.save(2, {{"x": jnp.full(200_000, 2.0)}})
        os._exit(9)
    """)
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True
    )
    assert child.returncode == 9, child.stderr
    with Checkpoints(tmp_path, keep=2, tied_to={}) as checkpoints:
        step, tree = checkpoints.restore({"x": jnp.zeros(200_000)})
        np.testing.assert_array_equal(tree["x"], np.full(200_000, step))
        checkpoints.save(3, tree)
    names = {path.name for path in tmp_path.iterdir()}
    assert "3" in names and names <= {"1", "2", "3"}  # what the kill left half-written is gone


def test_says_nothing(tmp_path):
    script = textwrap.dedent(f"""
        import absl.logging, jax.numpy as jnp
        absl.logging.use_absl_handler()
        absl.logging.set_verbosity(absl.logging.INFO)
        from medjax.run.checkpoint.checkpoints import Checkpoints
        with Checkpoints({str(tmp_path)!r}, keep=1, tied_to={{}}) as checkpoints:
            for step in range(3):
                checkpoints.save(step, {{"x": jnp.ones(3)}})
            checkpoints.restore({{"x": jnp.ones(3)}})
        absl.logging.info("after")
    """)
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout == ""
    assert child.stderr.endswith("after\n")
    assert "checkpoint" not in child.stderr.lower() and "orbax" not in child.stderr


def test_importing_checkpoints_does_not_load_orbax():
    script = (
        "import sys, medjax.run.checkpoint.checkpoints; "
        "print(json.dumps([m for m in sys.modules if 'orbax' in m]))"
    )
    child = subprocess.run(
        [sys.executable, "-c", f"import json; {script}"], capture_output=True, text=True, check=True
    )
    assert json.loads(child.stdout) == []
