"""The state of a training run, a pytree: weights, optimiser, averages."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.traverse_util as traverse
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

Params = dict[str, Any]


class TrainState(NamedTuple):
    """What a checkpoint holds."""

    step: Int[Array, ""]
    params: Params  # trained weights, flat: "decoder/fuse/kernel" → array
    frozen: Params  # the other weights, flat
    opt_state: Any
    average: Params  # exponential moving average of params


def split_params(variables: Params, frozen: Sequence[str]) -> tuple[Params, Params]:
    """Returns the flat weights (trained, frozen by patterns of their names)."""
    flat = traverse.flatten_dict(variables["params"], sep="/")
    is_frozen = {k: any(re.search(p, k) for p in frozen) for k in flat}
    trained = {k: v for k, v in flat.items() if not is_frozen[k]}
    return trained, {k: v for k, v in flat.items() if is_frozen[k]}


def join_params(trained: Params, frozen: Params) -> Params:
    """Returns the variables of the network; undoes `split_params`."""
    return {"params": traverse.unflatten_dict({**trained, **frozen}, sep="/")}


def init_state(
    variables: Params, frozen: Sequence[str], optimizer: optax.GradientTransformation
) -> TrainState:
    """Returns the state before the first step."""
    params, fixed = split_params(variables, frozen)
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        frozen=fixed,
        opt_state=optimizer.init(params),
        average=params,
    )
