"""A copy of launch/ to run, where every outside command is a stub that notes how it was called."""

import json
import pathlib
import shutil
import subprocess
import warnings

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# None of these may be the machine's own, whatever a test forgets.
OUTSIDE = (
    *("gcloud", "kubectl", "sbatch", "srun", "scontrol", "git", "sudo", "gcsfuse", "curl"),
    *("mountpoint", "nvidia-smi", "python3"),
)


class Box:
    """A repository of scripts and stubs.

    Attributes:
      root: where ``launch/`` was copied to.
      home: the scripts' ``$HOME``.
    """

    def __init__(self, folder: pathlib.Path):
        self.root, self.home = folder / "repository", folder / "home"
        self._bin, self._log = folder / "bin", folder / "calls"
        self._bin.mkdir()
        self.home.mkdir()
        shutil.copytree(ROOT / "launch", self.root / "launch")
        for name in OUTSIDE:
            self.stub(name)

    def stub(self, name, body="", *, path=None):
        """Makes ``name`` note its arguments, then do ``body``; at ``path`` if not in ``PATH``."""
        path = self._bin / name if path is None else path
        path.parent.mkdir(parents=True, exist_ok=True)
        note = f"printf '%s\\037' {name} \"$@\" >>{self._log}; printf '\\036' >>{self._log}"
        path.write_text(f"#!/bin/bash\n{note}\n{body}\n")
        path.chmod(0o755)

    def environment(self, **variables):
        path = f"{self._bin}:/usr/bin:/bin"
        fixed = {"PATH": path, "HOME": str(self.home), "MEDJAX_POLL_SECONDS": "0"}
        return {**fixed, "TMPDIR": str(self._bin.parent), **variables}

    def run(self, script, *args, **variables):
        """Runs ``launch/script`` from the repository's root."""
        command = ["bash", f"launch/{script}", *args]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self, name=None):
        """Every call so far as a list of words, or those of one command."""
        text = self._log.read_text() if self._log.exists() else ""
        calls = [call.split("\x1f")[:-1] for call in text.split("\x1e")[:-1]]
        return [call for call in calls if name in (None, call[0])]


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


@pytest.fixture(scope="session")
def jobset_schema():
    """The part of the JobSet API that is used here: a manifest may hold nothing else."""
    path = pathlib.Path(__file__).with_name("jobset_schema.json")
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@pytest.fixture(scope="session")
def valid_job(jobset_schema):
    """``valid_job(spec)`` raises if that is no spec of a Job."""
    schema = {"$ref": "#/$defs/job_spec", "$defs": jobset_schema["$defs"]}
    return jsonschema.Draft202012Validator(schema).validate


@pytest.fixture
def parsed(monkeypatch):
    """``parsed(words)``: config and workdir of a ``python -m medjax.launch`` command, as it would
    take them."""
    from medjax.cli import command_line

    def parse(words):
        assert list(words[1:3]) == ["-m", "medjax.launch"]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="the load_module")  # ml_collections
            return command_line.parse(list(words[2:]))[:2]

    monkeypatch.chdir(ROOT)
    return parse
