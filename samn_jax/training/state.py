"""The state of a training run, a pytree: weights, optimizer, averages."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.traverse_util as traverse
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from samn_jax.memory import parameters

Params = dict[str, Any]

# Between a collection other than `params` and a name in it: "batch_stats:bn1/mean".
_COLLECTION_MARK = ":"
_TRAINED = ("params", parameters.COLLECTION)


class TrainState(NamedTuple):
    """What a checkpoint holds."""

    step: Int[Array, ""]
    params: Params  # trained weights, flat: "decoder/fuse/kernel" → array
    frozen: Params  # the other weights and the statistics of batch norms, flat
    opt_state: Any
    average: Params  # exponential moving average of params


def split_params(variables: Params, frozen: Sequence[str]) -> tuple[Params, Params]:
    """Returns the flat weights (trained, fixed).

    Fixed are those whose name one of the patterns `frozen` is found in, and all that is
    neither the network's `params` nor the memory's own weights: stored statistics never
    change.
    """
    trained: Params = {}
    fixed: Params = {}
    for collection, values in variables.items():
        prefix = "" if collection == "params" else collection + _COLLECTION_MARK
        for name, value in traverse.flatten_dict(dict(values), sep="/").items():
            full = prefix + name
            is_fixed = any(re.search(p, full) for p in frozen)
            is_fixed |= collection not in _TRAINED
            (fixed if is_fixed else trained)[full] = value
    return trained, fixed


def join_params(trained: Params, frozen: Params) -> Params:
    """Returns the variables of the network; undoes `split_params`."""
    collections: dict[str, Params] = {"params": {}}
    for name, value in {**trained, **frozen}.items():
        collection, mark, rest = name.partition(_COLLECTION_MARK)
        if mark:
            collections.setdefault(collection, {})[rest] = value
        else:
            collections["params"][name] = value
    return {k: traverse.unflatten_dict(v, sep="/") for k, v in collections.items()}


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
