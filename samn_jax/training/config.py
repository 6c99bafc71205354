"""The whole of a training run in one frozen dataclass; `configs/` holds instances."""

import dataclasses

from samn_jax import settings
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.errors import InputError
from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.models.model_file import ModelConfig
from samn_jax.training import policy as policy_lib
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig
from samn_jax.training.unroll import UnrollConfig

MOST_LOADERS = 256  # threads or processes that make batches


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Attributes:
      model: the network.
      memory: the memory that it is trained and tracked with; by default the network's.
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
      dataset: benchmark, as `evaluate.py --dataset` names it, whose folder is given;
        "" reads clips and photos as `data/readers/layouts.py` says.
      split: part of that benchmark.
      loader_threads: threads that make batches.
      loader_workers: processes that make batches; 0 leaves it to this one's threads.
      log_every: steps between lines of the log.
      save_every: steps between checkpoints.
      validate_every: steps between measurements on crops of the held-out clips.
      track_every: steps between trackings of the held-out clips in full; 0 is never.
    """

    model: ModelConfig
    memory: MemoryConfig = None  # type: ignore[assignment]
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
    dataset: str = ""
    split: str = ""
    loader_threads: int = 1
    loader_workers: int = 0
    log_every: int = 20
    save_every: int = 200
    validate_every: int = 400
    track_every: int = 0

    def __post_init__(self) -> None:
        """Fills in the network's memory, and checks the fields.

        Raises:
          InputError: one is of another kind than its default or out of its range, or
            there is no such memory design.
        """
        if self.memory is None:
            memory = getattr(self.model, "memory", MemoryConfig())
            object.__setattr__(self, "memory", memory)
        settings.check_kinds(self)
        settings.check_types(self)
        settings.check_device_numbers(self, "seed", "cache_bytes")
        registry.build(self.memory)
        self._check_policy()
        at_least_one = ("batch_size", "num_steps", "loader_threads")
        every = ("log_every", "save_every", "validate_every")
        settings.check_at_least(self, 1, *at_least_one, *every)
        settings.check_at_least(self, 0, "seed", "loader_workers", "track_every")
        for name in ("loader_threads", "loader_workers"):
            if getattr(self, name) > MOST_LOADERS:
                raise InputError(
                    f"{name} is {getattr(self, name)}: give {MOST_LOADERS} or less"
                )
        twice = [n for n in self.held_out if self.held_out.count(n) > 1]
        if twice:
            raise InputError(f"held_out names {twice[0]} twice: name it once")
        if self.split and not self.dataset:
            raise InputError(
                f"split is {self.split!r} of no data set: give dataset too"
            )
        for pattern in self.frozen:
            _check_pattern(pattern)

    def _check_policy(self) -> None:
        """Raises InputError if the memories of clips can't be made."""
        policy, length = self.unroll.policy, self.sampling.num_frames
        try:
            registry.build(policy_lib.memory_config(policy, self.memory, length))
        except InputError as error:
            raise InputError(
                f"memories of clips have room for {length} frames (num_frames), or for "
                f"unroll.policy.capacity if unroll.policy.as_tracked: {error}"
            ) from error


def _check_pattern(pattern: str) -> None:
    """Raises InputError if a pattern of parameter names is empty or malformed."""
    if not pattern:
        raise InputError(
            "frozen has an empty pattern, which matches all weights: remove it"
        )
    settings.check_pattern(pattern, "frozen has the pattern", "^trunk/")


def check_division(config: TrainConfig, *, devices: int, hosts: int) -> None:
    """Checks that a batch can be divided evenly.

    Args:
      config: says how large a batch is.
      devices: of all hosts together.
      hosts: that share them.

    Raises:
      InputError: it can't.
    """
    size, parts = config.batch_size, config.optimizer.accumulate
    if size % devices:
        on = f" of {hosts} hosts" if hosts > 1 else ""
        raise InputError(
            f"batch_size is {size}, which can't be divided over {devices} devices{on}: "
            "give a multiple"
        )
    if (size // devices) % parts:
        raise InputError(
            f"optimizer.accumulate is {parts}, which can't divide the "
            f"{size // devices} clips of a device: give a divisor of it"
        )
