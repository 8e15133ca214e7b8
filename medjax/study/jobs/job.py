"""The description of a job: everything that its result depends on, and the name made from it."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from medjax import store


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """The description of a job: everything that its result depends on.

    Attributes:
      kind: a name for ``kinds.kind_of``.
      dataset, method, ipc, seed: what its rows are of.
      settings: what else decides the result, as JSON.
      data: the digest of the data set.
      source: the digest of the code, see ``sources.code_digest``.
      needs: jobs that are finished before it starts.
    """

    kind: str
    dataset: str
    method: str
    ipc: int
    seed: int
    settings: Mapping[str, Any]
    data: str
    source: str
    needs: tuple["Job", ...] = ()

    @functools.cached_property
    def name(self) -> str:
        """The hash of the description, which names the folder of the result."""
        return store.key_of(self.described())[:16]

    @property
    def title(self) -> str:
        """The job in the words of a progress line."""
        return f"{self.dataset} · {self.method} · ipc {self.ipc} · seed {self.seed}"

    def described(self) -> dict[str, Any]:
        """Returns the description as JSON, from which ``described_job`` makes the job again."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "needs": [need.described() for need in self.needs]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def described_job(content: Mapping[str, Any]) -> Job:
    """Returns the job of a description.

    Args:
      content: what ``Job.described`` returned, as JSON.

    Example:
      >>> job = Job("distil", "x", "dm", 1, 0, {"net.width": 4}, data="1f", source="2e")
      >>> described_job(job.described()) == job
      True
    """
    return Job(**{**content, "needs": tuple(map(described_job, content["needs"]))})
