"""The whole of a training run in one frozen dataclass; `configs/` holds instances."""

import dataclasses
import importlib.util
from pathlib import Path

from samn_jax.data.sampling import SamplingConfig
from samn_jax.errors import InputError
from samn_jax.memory.design import MemoryConfig
from samn_jax.models.model_file import ModelConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run."""

    model: ModelConfig
    memory: MemoryConfig = MemoryConfig()
    sampling: SamplingConfig = SamplingConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    init_from: str = (
        ""  # model file, shipped name, or .npz of a trunk; "" draws weights
    )
    frozen: tuple[str, ...] = ()  # patterns of parameter names that stay as they are
    batch_size: int = 8  # over all devices of one host
    num_steps: int = 4000
    seed: int = 0
    held_out: tuple[str, ...] = ()  # clips for tuning, never trained on
    loader_threads: int = 1
    log_every: int = 20  # steps
    save_every: int = 200  # steps
    validate_every: int = 400  # steps


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
