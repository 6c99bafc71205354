"""Learning-rate schedules and optimizers by name."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import optax

FINAL_SHARE = 0.01  # of the peak learning rate, where the cosine ends
MOMENTUM = 0.9  # of SGD


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """How weights are updated."""

    name: str = "adamw"  # adam | adamw | sgd
    learning_rate: float = 1e-3
    schedule: str = "cosine"  # cosine | step | constant
    warmup_steps: int = 100  # the rate rises from 0 in a line
    step_boundaries: tuple[int, ...] = ()  # steps at which the rate falls (`step`)
    step_factor: float = 0.1  # what it is multiplied by there
    weight_decay: float = 1e-4  # adamw: decoupled; adam and sgd: added to the gradient
    clip_norm: float = 1.0  # global norm of the gradient; 0 leaves it as it is
    average_decay: float = 0.998  # of the moving average of the weights
    accumulate: int = 1  # parts that a device's batch is computed in, to save memory


def build_schedule(config: OptimizerConfig, num_steps: int) -> optax.Schedule:
    """Returns step → learning rate, after a linear warm-up.

    Raises:
      ValueError: the schedule's name is unknown.
    """
    peak, warmup = config.learning_rate, config.warmup_steps
    if config.schedule == "cosine":
        length = max(num_steps, warmup + 1)
        return optax.warmup_cosine_decay_schedule(
            0.0, peak, warmup, length, end_value=peak * FINAL_SHARE
        )
    if config.schedule == "constant":
        if not warmup:  # optax would stay at the 0 that it starts from
            return optax.constant_schedule(peak)
        return optax.warmup_constant_schedule(0.0, peak, warmup)
    if config.schedule == "step":
        falls = dict.fromkeys(config.step_boundaries, config.step_factor)
        rise = optax.linear_schedule(0.0, peak, warmup)
        fall = optax.piecewise_constant_schedule(peak, falls)
        # The boundaries count from the first step of the run.
        return lambda step: fall(step) * rise(step) / peak if warmup else fall(step)
    raise ValueError(
        f"schedule {config.schedule!r} is unknown: choose cosine, step or constant"
    )


def build_optimizer(
    config: OptimizerConfig, num_steps: int
) -> optax.GradientTransformation:
    """Returns gradient clipping followed by the optimizer.

    Raises:
      ValueError: the optimizer's name is unknown.
    """
    schedule = build_schedule(config, num_steps)
    decay = config.weight_decay
    optimizers: dict[str, Callable[[], optax.GradientTransformation]] = {
        "adam": lambda: _with_decay(decay, optax.adam(schedule)),
        "adamw": lambda: optax.adamw(schedule, weight_decay=decay),
        "sgd": lambda: _with_decay(decay, optax.sgd(schedule, momentum=MOMENTUM)),
    }
    if config.name not in optimizers:
        raise ValueError(
            f"optimizer {config.name!r} is unknown: choose from {list(optimizers)}"
        )
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
