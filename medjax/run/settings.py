"""The settings of a run: one frozen record for each section of the config, checked when made."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medjax import data, nets, parallel, training
from medjax.errors import UserError, unknown
from medjax.run.metrics import jsonable

_IPC_SHARES = ("balanced", "proportional")
LABELS = ("hard", "teacher")
"""The labels that networks train on; the first is the default."""
TEMPERATURE = 1.0
"""The default of ``evaluation.temperature``."""


@dataclasses.dataclass(frozen=True)
class DataSettings:
    """The images that a run reads; the attributes are the arguments of ``data.load``.

    Attributes:
      name: a registered data set, or the path of one.
      size: side length of the images in pixels.
      root: the data root; empty for the default.
      download: whether missing files are fetched.
      prepare: the preparation of the images.
      stream_above_gib: size in GiB above which a split stays on disk; ``None`` for a share of the
        device's memory.
      cache: folder of the cache; empty for the default.
      sources: how folders, DICOM files and TFDS are read.
    """

    name: str
    size: int = 28
    root: str = ""
    download: bool = True
    prepare: data.Preparation = dataclasses.field(default_factory=data.Preparation)
    stream_above_gib: float | None = None
    cache: str = ""
    sources: data.Sources = dataclasses.field(default_factory=data.Sources)

    def __post_init__(self):
        _check_least("data.", 0, stream_above_gib=self.stream_above_gib)

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "DataSettings":
        """Reads the section ``data`` of a config."""
        kinds = data.Sources().asdict()
        own = [name for name in _names(cls) if name != "sources"]
        _check_keys("data.", section, [*own, *kinds])
        for kind, known in kinds.items():
            _check_keys(f"data.{kind}.", section[kind], known)
        parsed = {
            "prepare": data.parse_preparation(section["prepare"]),
            "sources": data.Sources.of(section),
        }
        return cls(**{name: section[name] for name in own} | parsed)


@dataclasses.dataclass(frozen=True)
class NetSettings:
    """The network that is matched and evaluated.

    Attributes:
      name: one of ``nets.names()``.
      options: its options without the precision, as ``nets.make`` takes them.
    """

    name: str
    options: Mapping[str, Any]

    def __post_init__(self):
        if set(self.options) != set(nets.options(self.name)) - {"precision"}:
            raise UserError(
                f"net.name={self.name} has other options than the config's network: name it "
                f"after the config's colon, as in configs/dm.py:net.name={self.name}"
            )

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "NetSettings":
        """Reads the section ``net`` of a config."""
        if "name" not in section:
            raise UserError("config key net.name is missing")
        return cls(section["name"], {k: v for k, v in section.items() if k != "name"})

    @property
    def text(self) -> str:
        """The network as ``nets.parse`` reads it, as in ``convnet:width=32``."""
        usual = nets.options(self.name)
        changed = [k for k in usual if self.options.get(k, usual[k]) != usual[k]]
        return ":".join([self.name, *(f"{k}={self.options[k]}" for k in changed)])


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """The networks that score the synthetic images, and how often.

    Attributes:
      every: iterations between two validations.
      select_by: the metric on val that selects the images.
      select_networks: networks of each validation.
      select_recipe: one of ``training.RECIPES``, for the networks of validations.
      networks: networks of the final scores.
      recipe: one of ``training.RECIPES``, for the networks of the final scores.
      epochs: epochs of training on synthetic images; the following are those of
        ``training.Recipe``, except that ``augment="auto"`` stands for the data set's DSA strategy.
      labels: one of ``LABELS``: the labels of a set as they are, or those of a network of all real
        images, see ``evaluate.make_teacher``.
      temperature: that of the labels of this network.
      learners: learners that judge the set beside networks, see ``evaluate.check_learners``.
      whole_steps: the greatest number of steps of training on all real images.
      whole_epochs: the greatest number of epochs of it, in place of steps; ``None`` for steps.
    """

    every: int
    select_by: str
    select_networks: int
    select_recipe: str
    networks: int
    recipe: str
    epochs: int
    labels: str
    temperature: float
    learners: Sequence[str]
    whole_steps: int
    whole_epochs: int | None
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int
    augment: str
    parity: bool
    balanced: bool

    def __post_init__(self):
        counts = ("every", "networks", "select_networks", "whole_steps")
        _check_least("evaluation.", 1, **{name: getattr(self, name) for name in counts})
        _check_least("evaluation.", 1, whole_epochs=self.whole_epochs)
        for key in ("recipe", "select_recipe"):
            if getattr(self, key) not in training.RECIPES:
                raise unknown(f"evaluation.{key}", getattr(self, key), training.RECIPES)
        if self.labels not in LABELS:
            raise unknown("evaluation.labels", self.labels, LABELS)
        if not self.temperature > 0:
            raise UserError(f"evaluation.temperature must be positive, got {self.temperature}")
        if self.parity and self.recipe != "reference":
            raise UserError(
                f"evaluation.parity needs evaluation.recipe=reference, got {self.recipe}"
            )
        self._check_recipe()

    def _check_recipe(self) -> None:
        """Refuses a recipe before any data is read; ``augment`` is checked with the data set's."""
        names = {"epochs", "learning_rate", "momentum", "weight_decay", "batch_size"}
        try:
            training.Recipe(**{name: getattr(self, name) for name in names})
        except UserError as error:
            raise UserError(f"evaluation.{error}") from error


@dataclasses.dataclass(frozen=True)
class MeshSettings:
    """The devices to distil on.

    Attributes:
      devices: how many of the devices are used; 0 for all.
      shape: devices along each of ``parallel.AXES``; 0 for a number that is chosen.
    """

    devices: int
    shape: Mapping[str, int]

    def __post_init__(self):
        _check_least("mesh.", 0, devices=self.devices, **self.shape)

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "MeshSettings":
        """Reads the section ``mesh`` of a config."""
        _check_keys("mesh.", section, ["devices", *parallel.AXES])
        return cls(section["devices"], {axis: section[axis] for axis in parallel.AXES})


@dataclasses.dataclass(frozen=True)
class CheckpointSettings:
    """The times at which checkpoints are written, and the number that is kept.

    Attributes:
      every_steps: iterations between two checkpoints; ``None`` for one at each validation only.
      every_minutes: minutes after which another checkpoint is due; ``None`` for never.
      keep: how many of the newest checkpoints are kept.
    """

    every_steps: int | None
    every_minutes: float | None
    keep: int

    def __post_init__(self):
        _check_least("checkpoint.", 1, keep=self.keep, every_steps=self.every_steps or None)
        _check_least("checkpoint.", 0, every_minutes=self.every_minutes)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a run; ``medjax.run.config.defaults`` says what each of them means.

    Attributes:
      distill: the options of the method, as ``methods.make`` takes them.
      config: the config that the settings were made from, as JSON holds it.
    """

    method: str
    ipc: int
    ipc_per_class: tuple[int, ...]
    ipc_shares: str
    seed: int
    iterations: int
    log_every: int
    data: DataSettings
    net: NetSettings
    precision: str
    distill: Mapping[str, Any]
    evaluation: EvaluationSettings
    mesh: MeshSettings
    checkpoint: CheckpointSettings
    config: Mapping[str, Any] = dataclasses.field(repr=False, compare=False)

    def __post_init__(self):
        if self.ipc_shares not in _IPC_SHARES:
            raise unknown("ipc_shares", self.ipc_shares, _IPC_SHARES)
        check_seed(self.seed)
        _check_least("", 1, iterations=self.iterations, log_every=self.log_every)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Settings":
        """Reads a config.

        Args:
          config: all settings that ``medjax.run.config.defaults`` has, as nested dicts.

        Returns:
          The settings.

        Raises:
          UserError: for a missing or unknown key, or a value out of range.

        Example:
          >>> from medjax.run import config
          >>> Settings.from_config(config.make("dm", "phantom", "ipc=5").to_dict()).ipc
          5
        """
        config = jsonable(config)
        if config.pop("seeds", None):  # no setting of one run, and older summaries lack it
            raise UserError("seeds names several runs, which medjax.distill and the launcher make")
        names = [name for name in _names(cls) if name != "config"]
        _check_keys("", config, names)
        _check_keys("evaluation.", config["evaluation"], _names(EvaluationSettings))
        _check_keys("checkpoint.", config["checkpoint"], _names(CheckpointSettings))
        named = config["evaluation"]["learners"]
        texts = [named] if isinstance(named, str) else named  # of which a flag makes one of several
        listed = [name.strip() for text in texts for name in str(text).split(",")]
        config["evaluation"]["learners"] = list(dict.fromkeys(filter(None, listed)))
        sections = {
            "data": DataSettings.from_config(config["data"]),
            "net": NetSettings.from_config(config["net"]),
            "evaluation": EvaluationSettings(**config["evaluation"]),
            "mesh": MeshSettings.from_config(config["mesh"]),
            "checkpoint": CheckpointSettings(**config["checkpoint"]),
            "ipc_per_class": tuple(config["ipc_per_class"]),
        }
        return cls(**{name: config[name] for name in names} | sections, config=config)


def check_seed(seed: int) -> None:
    """Raises ``UserError`` unless a seed is in 0 … 2³² − 1; JAX's keys truncate larger ones."""
    _check_least("", 0, seed=seed)
    if seed >= 2**32:
        raise UserError(f"seed must be below {2**32}, got {seed}")


def _names(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _check_keys(prefix: str, section: Mapping[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for name in section:
        if name not in known:
            raise unknown("config key", prefix + name, [prefix + name for name in known])
    for name in known:
        if name not in section:
            raise UserError(f"config key {prefix}{name} is missing")


def _check_least(prefix: str, smallest: int, **values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value < smallest:
            raise UserError(f"{prefix}{name} must be at least {smallest}, got {value}")
