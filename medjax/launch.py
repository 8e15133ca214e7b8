"""The launcher: ``python -m medjax.launch --config=configs/dsa_chest.py --workdir=runs/chest``."""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from absl import flags
from ml_collections import ConfigDict, config_flags

_USAGE = """Distils a data set as a config file says, and reports what the result is worth.

  python -m medjax.launch --config=configs/dm.py:breastmnist,quick --workdir=runs/breast
  python -m medjax.launch --config=configs/dm.py:breastmnist --config.ipc=5 --workdir=runs/five

Running the same command again goes on from the last checkpoint."""


def main(argv: Sequence[str]) -> int:
    """Runs the launcher.

    Args:
      argv: the command line, program name first.

    Returns:
      The exit status: 0 done, 1 the run failed, 2 usage, 130 interrupted.

    Example:
      >>> main(["launch"])  # doctest: +SKIP
      2
    """
    warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
    # Imported late: --help and a wrong flag need not wait for JAX.
    from medjax.errors import RunError, UserError

    try:
        config, workdir = _parse(argv)
        if config is None:
            return 0
        _use_compilation_cache()
        from medjax import io, train

        summary = train.distill(config, workdir)
    except UserError as error:
        print(f"medjax: {error}", file=sys.stderr)
        return 2
    except RunError as error:
        print(f"medjax: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("medjax: interrupted; the same command goes on from the last checkpoint")
        return 130
    print(f"\n{io.results_table(summary)}\n\n{workdir}/report.html tells the rest.")
    return 0


def _parse(argv: Sequence[str]) -> tuple[dict | None, Path]:
    """The config and the workdir, or ``UserError``; no config where help was asked for."""
    from medjax.errors import UserError

    values = flags.FlagValues()
    config_flags.DEFINE_config_file(
        "config",
        None,
        "config file, as in configs/dm.py:breastmnist,quick",
        flag_values=values,
        sys_argv=list(argv),
    )
    flags.DEFINE_string("workdir", None, "folder for everything the run writes", flag_values=values)
    flags.DEFINE_bool("help", False, "show this", short_name="h", flag_values=values)
    try:
        rest = values(list(argv))[1:]
        if values.help:
            print(_USAGE, "\n\n", values.main_module_help() or values.get_help(), sep="")
            return None, Path()
        if rest:
            raise UserError(f"unexpected argument {rest[0]!r}; flags are --config and --workdir")
        for name in ("config", "workdir"):
            if not values[name].value:
                raise UserError(
                    f"--{name} is missing, as in --config=configs/dm.py --workdir=runs/dm"
                )
        if not isinstance(values.config, ConfigDict):
            path = config_flags.get_config_filename(values["config"])
            raise UserError(f"cannot read the config file {path!r}")
        return values.config.to_dict(), Path(values.workdir)
    except UserError:
        raise
    # What a config file raises arrives here too, wrapped by the flags library.
    except (flags.Error, AttributeError, KeyError, ValueError, TypeError, OSError) as error:
        raise UserError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    """One line: what a config file itself said, or what the flags library makes of it."""
    from medjax.errors import UserError

    said, link = None, error
    while link is not None:  # the innermost: the library repeats the error with its traceback
        said = str(link) if isinstance(link, UserError) else said
        link = link.__cause__ or link.__context__
    if said:
        return said
    text = str(error.args[0] if error.args else error)
    if isinstance(error, AttributeError):  # its text is a quoted KeyError's
        text = "unknown config key " + text.strip("'").replace("\\'", "'").replace("\\n", "; ")
    return text.strip().splitlines()[-1]


def _use_compilation_cache() -> None:
    """Keeps compiled programs between runs, where the user has not said where."""
    import jax

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(folder / "medjax" / "xla"))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
