"""Learning-rate schedules and optimisers by name."""

import dataclasses

import optax


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """How weights are updated."""

    name: str = "adamw"  # adam | adamw | sgd
    learning_rate: float = 1e-3
    schedule: str = "cosine"  # cosine | constant
    warmup_steps: int = 100
    weight_decay: float = 1e-4  # adamw alone
    clip_norm: float = 1.0  # global norm of the gradient
    average_decay: float = 0.998  # of the moving average of the weights


def build_schedule(config: OptimizerConfig, num_steps: int) -> optax.Schedule:
    """Returns step → learning rate, after a linear warm-up.

    Raises:
      ValueError: the schedule's name is unknown.
    """
    peak, warmup = config.learning_rate, config.warmup_steps
    if config.schedule == "cosine":
        return optax.warmup_cosine_decay_schedule(
            0.0, peak, warmup, max(num_steps, warmup + 1), end_value=peak * 0.01
        )
    if config.schedule == "constant":
        return optax.warmup_constant_schedule(0.0, peak, warmup)
    raise ValueError(f"schedule {config.schedule!r}: choose cosine or constant")


def build_optimizer(
    config: OptimizerConfig, num_steps: int
) -> optax.GradientTransformation:
    """Returns gradient clipping followed by the optimiser.

    Raises:
      ValueError: the optimiser's name is unknown.
    """
    schedule = build_schedule(config, num_steps)
    optimizers = {
        "adam": lambda: optax.adam(schedule),
        "adamw": lambda: optax.adamw(schedule, weight_decay=config.weight_decay),
        "sgd": lambda: optax.sgd(schedule, momentum=0.9),
    }
    if config.name not in optimizers:
        raise ValueError(f"optimizer {config.name!r}: choose from {list(optimizers)}")
    return optax.chain(
        optax.clip_by_global_norm(config.clip_norm), optimizers[config.name]()
    )
