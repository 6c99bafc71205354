"""The weights that a run starts from: drawn, loaded, or around a given trunk."""

from typing import Any

import flax.traverse_util as traverse
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from samn_jax.errors import InputError
from samn_jax.models import lite, model_file, trunk_file
from samn_jax.training.config import TrainConfig


def initial_variables(
    config: TrainConfig, frames: UInt8[np.ndarray, "B H W 3"]
) -> dict[str, Any]:
    """Returns the network's variables before the first step.

    Args:
      config: says what to start from.
      frames: crops to measure the trunk's statistics on, which `lite` standardizes its
        maps by; not needed where all weights are loaded.

    Raises:
      InputError: the file to start from is missing, or of another network.
    """
    source = config.init_from
    if source and not source.endswith(".npz"):
        loaded = model_file.load_model(source)
        _check_same(source, loaded, config)
        return loaded.variables
    key = jax.random.key(config.seed)
    variables = jax.jit(lambda k: model_file.init_variables(config.model, k))(key)
    if config.model.network != "lite":
        return variables
    if source:
        wanted = variables["params"]["trunk"]
        variables["params"]["trunk"] = trunk_file.read_trunk(source, wanted)
    images = jnp.asarray(frames, jnp.float32) / 255.0
    taps = lite.measure_taps(variables, lite.LiteNet(config.model), images)
    variables["params"].update(taps)
    return variables


def _check_same(
    source: str, loaded: model_file.LoadedModel, config: TrainConfig
) -> None:
    """Raises InputError if weights of a file don't fit the network to train."""

    def shapes(variables: dict) -> dict[str, tuple[int, ...]]:
        flat = traverse.flatten_dict(variables, sep="/")
        return {name: tuple(x.shape) for name, x in flat.items()}

    wanted = shapes(
        jax.eval_shape(
            lambda k: model_file.init_variables(config.model, k), jax.random.key(0)
        )
    )
    have = shapes(loaded.variables)
    differing = [n for n in sorted(wanted.keys() | have.keys())
                 if wanted.get(n) != have.get(n)]  # fmt: skip
    if differing:
        raise InputError(
            f"{source} is of another network than the config's: {len(differing)} "
            f"weights differ, first {differing[0]}"
        )
