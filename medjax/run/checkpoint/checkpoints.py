"""Checkpoints of a run: saved in the background, checked when read, tied to its settings."""

import contextlib
import os
import pathlib
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from medjax import store
from medjax.errors import UserError
from medjax.run.binding import DATA_DIGEST, binding, compare, other_data
from medjax.run.checkpoint import checksum
from medjax.run.metrics import jsonable

# The two parts of each checkpoint: its arrays, and a description of them and of their settings.
_STATE, _RUN = "state", "run"
# Bytes for the rest of a checkpoint and for the reports between two checkpoints.
_ROOM = 2**19


class Checkpoints(contextlib.AbstractContextManager["Checkpoints"]):
    """The checkpoints of one run, in one folder.

    A checkpoint holds a pytree of arrays, the settings it is tied to and the SHA-256 of both. The
    tree needs no PRNG keys, because randomness is a function of the seed and the step.

    Args:
      directory: the folder; created if missing.
      keep: the number of newest checkpoints to keep; with 2 or more, a damaged newest one costs
        only time.
      tied_to: the settings that the arrays depend on, by dotted name, in any form that JSON can
        hold. A checkpoint that is tied to others is refused.

    Attributes:
      directory: the folder, absolute.

    Raises:
      UserError: if the folder cannot be written, or ``keep`` is not positive.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     with Checkpoints(folder, keep=2, tied_to={"ipc": 1}) as checkpoints:
      ...         checkpoints.save(10, {"images": jnp.ones((2, 3))})
      ...         checkpoints.wait()
      ...         step, tree = checkpoints.restore({"images": jnp.zeros((2, 3))})
      >>> print(step, float(tree["images"].sum()))
      10 6.0
    """

    def __init__(self, directory: str | os.PathLike, *, keep: int, tied_to: Mapping[str, Any]):
        if keep < 1:
            raise UserError(f"the number of checkpoints to keep must be 1 or more, got {keep}")
        self.directory = pathlib.Path(directory).absolute()
        self._tied_to = jsonable(tied_to)
        self._damaged: list[int] = []
        with contextlib.ExitStack() as stack, self._explained("write"):
            self.directory.mkdir(parents=True, exist_ok=True)
            # Orbax would notice an unwritable folder only at the first save, hours later.
            with tempfile.TemporaryFile(dir=self.directory):
                pass
            # Orbax takes seconds to import; only a run that has checkpoints pays for it.
            from medjax.run.checkpoint import handlers

            stack.enter_context(handlers.quiet())
            self._manager = _open_manager(self.directory, keep)
            stack.callback(self._manager.close)
            self._stack = stack.pop_all()

    def save(self, step: int, tree: Any) -> None:
        """Starts saving a pytree of arrays, which may be donated or changed once this returns.

        An existing checkpoint of the step is kept as is.

        Raises:
          UserError: if this save, or the one before it, could not be written.
        """
        from orbax import checkpoint as ocp

        with self._explained("write"):
            while self._damaged:
                self._manager.delete(self._damaged.pop())
            if step in self._manager.all_steps():
                return
            self._check_room(tree)
            run = {"tied_to": self._tied_to, "tree": _describe(tree)}
            parts = {_STATE: ocp.args.StandardSave(tree), _RUN: ocp.args.JsonSave(run)}
            self._manager.save(step, args=ocp.args.Composite(**parts), force=True)

    def restore(self, template: Any) -> tuple[int, Any] | None:
        """Reads the newest undamaged checkpoint.

        A damaged one is skipped with a warning and removed by the next ``save``.

        Args:
          template: a pytree like the one saved; it gives shapes, dtypes and placement.

        Returns:
          ``(step, tree)``, bit-identical to the saved tree, or ``None`` if there is none.

        Raises:
          UserError: if the checkpoint belongs to other settings, other data or another tree, was
            not written by this version of medjax, or if every checkpoint is damaged.
        """
        self.wait()
        damaged = {}
        for step in sorted(self._manager.all_steps(), reverse=True):
            try:
                tree = self._read(step, template)
            except checksum.DamageError as error:
                damaged[step] = error
                continue
            for bad, error in damaged.items():
                warnings.warn(
                    f"checkpoint {self.directory / str(bad)} is damaged ({error}); "
                    f"resuming from step {step}",
                    stacklevel=2,
                )
            self._damaged = list(damaged)
            return step, tree
        if damaged:
            raise UserError(
                f"every checkpoint in {self.directory} is damaged: "
                + "; ".join(f"step {step}: {error}" for step, error in damaged.items())
                + "; remove the folder to start again"
            )
        return None

    def wait(self) -> None:
        """Waits until the last save is on disk; raises ``UserError`` if it could not be written."""
        with self._explained("write"):
            self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits as ``wait`` does, then closes the folder."""
        with self._explained("write"):
            self._stack.close()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _read(self, step: int, template: Any) -> Any:
        from orbax import checkpoint as ocp

        folder = self.directory / str(step)
        parts = {path.name for path in folder.iterdir() if path.is_dir()}
        if parts and not parts & {_RUN, _STATE}:
            raise UserError(f"{folder} is not a checkpoint of medjax; use another workdir")
        checksum.check(folder / _RUN)
        checksum.check(folder / _STATE)
        args = ocp.args.Composite(**{_RUN: ocp.args.JsonRestore()})
        run = self._manager.restore(step, args=args)[_RUN]
        if "tied_to" not in run:
            raise UserError(
                f"checkpoint {folder} was written by another version of medjax; use that version "
                "or another workdir"
            )
        # An older one lacks new options.
        _check_same(folder, saved=binding(run["tied_to"]), ours=binding(self._tied_to))
        if run["tree"] != _describe(template):
            raise UserError(
                f"checkpoint {folder} holds another state: "
                f"{compare(run['tree'], _describe(template))}; use another workdir"
            )
        slots = jax.tree.map(_slot, template)
        args = ocp.args.Composite(**{_STATE: ocp.args.StandardRestore(slots)})
        return jax.tree.map(_place, self._manager.restore(step, args=args)[_STATE], template)

    def _check_room(self, tree: Any) -> None:
        # A disk that fills up while Orbax writes makes each of its threads print a traceback.
        needed = 2 * sum(leaf.nbytes for leaf in jax.tree.leaves(tree)) + _ROOM
        with tempfile.TemporaryFile(dir=self.directory) as stream:
            store.reserve(stream, needed)

    @contextlib.contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, RuntimeError) as error:
            reason = _reason(error)
            if reason is None:  # no fault of the disk
                raise
            raise UserError(f"cannot {verb} checkpoints in {self.directory}: {reason}") from error


def _reason(error: BaseException | None) -> str | None:
    """Returns the system's reason, which TensorStore puts at the end of its message."""
    if error is None:
        return None
    if code := re.search(r"os_error_code='(\d+)'", str(error)):
        return os.strerror(int(code[1]))
    if isinstance(error, OSError):
        return error.strerror or str(error).partition("\n")[0] or type(error).__name__
    return _reason(error.__cause__)


def _open_manager(directory: pathlib.Path, keep: int):
    from orbax import checkpoint as ocp

    from medjax.run.checkpoint import handlers

    registry = ocp.handlers.DefaultCheckpointHandlerRegistry()
    arrays, run = handlers.CheckedArrays(), handlers.CheckedJson()
    registry.add(_STATE, ocp.args.StandardSave, arrays)
    registry.add(_STATE, ocp.args.StandardRestore, arrays)
    registry.add(_RUN, ocp.args.JsonSave, run)
    registry.add(_RUN, ocp.args.JsonRestore, run)
    options = ocp.CheckpointManagerOptions(
        preservation_policy=ocp.checkpoint_managers.LatestN(keep),
        cleanup_tmp_directories=True,
    )
    return ocp.CheckpointManager(directory, options=options, handler_registry=registry)


def _check_same(folder: pathlib.Path, *, saved: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Raises ``UserError`` if a checkpoint is tied to other settings, or to other data."""
    # An older version saved fewer settings, which binding fills.
    sides = [binding({k: x for k, x in side.items() if k != DATA_DIGEST}) for side in (saved, ours)]
    if sides[0] != sides[1]:  # which often makes other data of the same files
        raise UserError(
            f"checkpoint {folder} was written with other settings: {compare(*sides)}; use the "
            "same settings or another workdir"
        )
    if saved != ours:
        digests = [side.get(DATA_DIGEST, "unknown") for side in (saved, ours)]
        name = ours.get("data.name", "the data")
        raise other_data(f"{folder} is a checkpoint of a run", name, *digests)


def _describe(tree: Any) -> dict[str, str]:
    """Names every array of a tree with its dtype and shape, as in ``float32[20, 28, 28, 1]``."""
    named = jax.tree.leaves_with_path(tree)
    names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in named]
    kinds = [f"{np.dtype(leaf.dtype).name}{list(leaf.shape)}" for _, leaf in named]
    return dict(zip(names, kinds, strict=True))


def _is_placed(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and leaf.committed


def _slot(leaf: Any) -> Any:
    """Returns the target into which Orbax reads a leaf: with its sharding, or in host memory."""
    if _is_placed(leaf):
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding)
    return np.empty(leaf.shape, leaf.dtype)


def _place(restored: Any, leaf: Any) -> Any:
    # An uncommitted array stays uncommitted, or the resumed step would be pinned to a device.
    if _is_placed(leaf) or isinstance(leaf, np.ndarray):
        return restored
    return jnp.asarray(restored)
