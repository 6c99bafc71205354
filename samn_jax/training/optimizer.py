"""Learning-rate schedules and optimizers by name."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import optax

from samn_jax import settings
from samn_jax.errors import InputError

FINAL_SHARE = 0.01  # of the peak learning rate, where the cosine ends
MOMENTUM = 0.9  # of SGD


OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("cosine", "step", "constant")


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """How weights are updated.

    Attributes:
      name: `adam`, `adamw` or `sgd`.
      learning_rate: the highest that is reached, above 0.
      schedule: `cosine` falls to a hundredth at the end, `step` at the boundaries,
        `constant` stays.
      schedule_steps: length of the schedule, if the run ends before it; 0: the run's.
      warmup_steps: over which the rate rises from 0 in a line.
      step_boundaries: steps of the run at which the rate falls (`step`), rising.
      step_factor: what the rate is multiplied by there, in (0, 1].
      weight_decay: of `adamw`, decoupled; of the others, added to the gradient.
      clip_norm: largest global norm of the gradient; 0 leaves it as it is.
      average_decay: of the moving average of the weights, in [0, 1).
      accumulate: parts that a device's share of a batch is computed in, to save memory.
    """

    name: str = "adamw"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    schedule_steps: int = 0
    warmup_steps: int = 100
    step_boundaries: tuple[int, ...] = ()
    step_factor: float = 0.1
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    average_decay: float = 0.998
    accumulate: int = 1

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a name is unknown, a number out of its range, or a field of
            another type.
        """
        settings.check_types(self)
        settings.check_choice(self, "name", OPTIMIZERS)
        settings.check_choice(self, "schedule", SCHEDULES)
        settings.check_positive(self, "learning_rate", "step_factor")
        numbers = ("schedule_steps", "warmup_steps", "weight_decay", "clip_norm")
        settings.check_at_least(self, 0, *numbers)
        settings.check_at_least(self, 1, "accumulate")
        settings.check_shares(self, "step_factor", "average_decay")
        if self.average_decay == 1:
            raise InputError("average_decay is 1, which averages nothing: give 0.998")
        falls = self.step_boundaries
        if list(falls) != sorted(set(falls)) or any(step < 1 for step in falls):
            raise InputError(
                f"step_boundaries are {falls}: give rising steps, as 100,200"
            )
        if bool(falls) != (self.schedule == "step"):
            raise InputError(
                f"step_boundaries are {falls} with schedule {self.schedule!r}: give "
                "both boundaries and schedule 'step', or neither"
            )


def build_schedule(config: OptimizerConfig, num_steps: int) -> optax.Schedule:
    """Returns step → learning rate of a run of `num_steps`, after a linear warm-up."""
    peak, warmup = config.learning_rate, config.warmup_steps
    if config.schedule == "cosine":
        length = max(config.schedule_steps or num_steps, warmup + 1)
        return optax.warmup_cosine_decay_schedule(
            0.0, peak, warmup, length, end_value=peak * FINAL_SHARE
        )
    if config.schedule == "constant":
        if not warmup:  # optax would stay at the 0 that it starts from
            return optax.constant_schedule(peak)
        return optax.warmup_constant_schedule(0.0, peak, warmup)
    falls = dict.fromkeys(config.step_boundaries, config.step_factor)
    rise = optax.linear_schedule(0.0, peak, warmup)
    fall = optax.piecewise_constant_schedule(peak, falls)
    # The boundaries count from the first step of the run.
    return lambda step: fall(step) * rise(step) / peak if warmup else fall(step)


def build_optimizer(
    config: OptimizerConfig, num_steps: int
) -> optax.GradientTransformation:
    """Returns gradient clipping followed by the optimizer."""
    schedule = build_schedule(config, num_steps)
    decay = config.weight_decay
    optimizers: dict[str, Callable[[], optax.GradientTransformation]] = {
        "adam": lambda: _with_decay(decay, optax.adam(schedule)),
        "adamw": lambda: optax.adamw(schedule, weight_decay=decay),
        "sgd": lambda: _with_decay(decay, optax.sgd(schedule, momentum=MOMENTUM)),
    }
    optimizer = optimizers[config.name]()
    if config.clip_norm:
        clip = optax.clip_by_global_norm(config.clip_norm)
        optimizer = optax.chain(clip, optimizer)
    return optax.GradientTransformation(optimizer.init, _promoting(optimizer.update))


def _promoting(update: Callable) -> Callable:
    """Returns the update with JAX's usual promotion of types, which optax needs."""

    def promoting_update(*args: Any) -> Any:
        with jax.numpy_dtype_promotion("standard"):
            return update(*args)

    return promoting_update


def _with_decay(
    decay: float, optimizer: optax.GradientTransformation
) -> optax.GradientTransformation:
    """Returns the optimizer of the loss plus ½·decay·|weights|²."""
    return optax.chain(optax.add_decayed_weights(decay), optimizer)
