"""The whole of a training run in one frozen dataclass; `configs/` holds instances."""

import dataclasses
import importlib.util
import json
from pathlib import Path
from typing import Any

from samn_jax.data.clips.sampling import SamplingConfig
from samn_jax.errors import InputError
from samn_jax.memory.design import MemoryConfig
from samn_jax.models.model_file import ModelConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig
from samn_jax.training.unroll import UnrollConfig


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Attributes:
      model: the network.
      memory: the memory it is trained with; its similarity must be the network's.
      sampling: how clips are drawn and changed.
      unroll: how the network is run over a clip.
      loss: what is minimized.
      optimizer: how weights are updated.
      init_from: model file, name of a shipped model, or .npz of a trunk; "" draws all
        weights.
      frozen: patterns of parameter names that stay as they are.
      batch_size: clips in a batch, over all devices of all hosts.
      num_steps: length of the run.
      seed: of everything random.
      held_out: clips for tuning, never trained on.
      synthetic: train on rendered clips; no data folder is needed.
      loader_threads: threads that make batches.
      loader_workers: processes that make batches; 0 leaves it to this one's threads.
      log_every: steps between lines of the log.
      save_every: steps between checkpoints.
      validate_every: steps between measurements on crops of the held-out clips.
      track_every: steps between trackings of the held-out clips in full; 0 is never.
    """

    model: ModelConfig
    memory: MemoryConfig = MemoryConfig()
    sampling: SamplingConfig = SamplingConfig()
    unroll: UnrollConfig = UnrollConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    init_from: str = ""
    frozen: tuple[str, ...] = ()
    batch_size: int = 8
    num_steps: int = 4000
    seed: int = 0
    held_out: tuple[str, ...] = ()
    synthetic: bool = False
    loader_threads: int = 1
    loader_workers: int = 0
    log_every: int = 20
    save_every: int = 200
    validate_every: int = 400
    track_every: int = 0


# What may differ when a run goes on: none of it changes the weights.
_FREE = ("loader_threads", "log_every", "save_every", "validate_every", "track_every")


def load_config(path: str | Path) -> TrainConfig:
    """Returns `get_config()` of a Python file.

    Raises:
      InputError: the file is missing or has no such function.
    """
    path = Path(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InputError(f"config {path} is missing: see configs/ for those there are")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "get_config"):
        raise InputError(f"config {path} has no get_config(): see configs/lite.py")
    return module.get_config()


def to_json(config: TrainConfig) -> str:
    """Returns the config as text."""
    return json.dumps(dataclasses.asdict(config), indent=1)


def differences(saved: dict[str, Any], config: TrainConfig) -> list[str]:
    """Returns what keeps a run of the config `saved` from going on with `config`.

    Fields that `saved` lacks count with their defaults, as it is from an older version.
    """
    wanted = _flatten(json.loads(to_json(config)))
    defaults = _flatten(json.loads(json.dumps(_defaults(config))))
    have = {**defaults, **_flatten(saved)}
    return [
        f"{name} was {have.get(name)}, now {wanted.get(name)}"
        for name in sorted(wanted.keys() | have.keys())
        if name not in _FREE and have.get(name) != wanted.get(name)
    ]


def _defaults(config: Any) -> dict[str, Any]:
    values = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            values[field.name] = _defaults(value)
        elif field.default is not dataclasses.MISSING:
            values[field.name] = field.default
    return values


def _flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
