"""The weights that a run starts from: drawn, loaded, or around a given trunk."""

import functools
import logging
import re
from pathlib import Path
from typing import Any

import flax.traverse_util as traverse
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import UInt8

from samn_jax import provenance
from samn_jax.errors import InputError
from samn_jax.memory import parameters, registry
from samn_jax.models import lite, model_file, trunk_file
from samn_jax.tracking import config as tracker_config
from samn_jax.tracking import loading
from samn_jax.tracking.state import TrackerSpec
from samn_jax.training import state as state_lib
from samn_jax.training.config import TrainConfig


def check(config: TrainConfig) -> dict[str, str]:
    """Returns name and SHA-256 of the file that a run starts from.

    Raises:
      InputError: the file is missing, damaged, or of another network; the patterns of
        `frozen` match nothing, or leave nothing to train; or no tracker could use the
        memory design.
    """
    check_frozen(config)
    check_memory(config)
    if not config.init_from:
        return {"name": "", "sha256": ""}
    if config.init_from.endswith(".npz"):
        if config.model.network != "lite":
            raise InputError(
                f"init_from is {config.init_from}, the trunk of lite, but the network "
                f"is {config.model.network}: give a model file"
            )
        trunk_file.read_trunk(config.init_from, shapes_of(config)["params"]["trunk"])
        path = Path(config.init_from)
    else:
        path = model_file.find_model(config.init_from)
        variables, added = _load(config, path)
        _check_shapes(config.init_from, variables, shapes_of(config))
        if added:
            logging.warning(
                "%s lacks %s: they start from zero, which changes nothing at first",
                config.init_from,
                ", ".join(added),
            )
    return {"name": path.name, "sha256": provenance.file_sha256(path)}


def _load(config: TrainConfig, source: str | Path) -> tuple[dict[str, Any], list[str]]:
    """Returns the variables of a model file, and the names of those it lacks.

    They are those of parts that add nothing until they are trained: all zeros.
    """
    variables = _with_memory(config, model_file.load_model(source).variables)
    wanted = traverse.flatten_dict(shapes_of(config)["params"], sep="/")
    params = traverse.flatten_dict(variables["params"], sep="/")
    zeros = {
        name: jnp.zeros(wanted[name].shape, jnp.float32)
        for name in model_file.zero_at_start(config.model)
        if name in wanted and name not in params
    }
    filled = traverse.unflatten_dict({**params, **zeros}, sep="/")
    return {**variables, "params": filled}, sorted(zeros)


def shapes_of(config: TrainConfig) -> dict[str, Any]:
    """Returns the shapes of the network's variables, and of the memory's own."""
    return jax.eval_shape(functools.partial(_draw, config), jax.random.key(0))


def _draw(config: TrainConfig, key: jax.Array) -> dict[str, Any]:
    """Returns variables drawn anew."""
    return _with_memory(config, model_file.init_variables(config.model, key))


def _with_memory(config: TrainConfig, variables: dict[str, Any]) -> dict[str, Any]:
    """Returns the variables with the weights that the memory design has of its own.

    Those that are there stay, others are drawn; a design without them gets none.
    """
    drawn = parameters.init_parameters(
        registry.build(config.memory),
        model_file.build_network(config.model),
        variables,
        jax.random.key(config.seed),
    )
    variables = dict(variables)
    given = variables.pop(parameters.COLLECTION, drawn)
    return {**variables, parameters.COLLECTION: given} if drawn else variables


def check_frozen(config: TrainConfig) -> None:
    """Checks that some weights are frozen by each pattern, and some are left.

    Raises:
      InputError: a pattern of `frozen` matches nothing, or all is frozen.
    """
    names = list(state_lib.split_params(shapes_of(config), ())[0])
    parts = ", ".join(sorted({name.split("/")[0] for name in names}))
    for pattern in config.frozen:
        if not any(re.search(pattern, name) for name in names):
            raise InputError(
                f"frozen has the pattern {pattern!r}, which no weight's name matches: "
                f"the network has {parts}"
            )
    if all(any(re.search(p, name) for p in config.frozen) for name in names):
        raise InputError(
            f"frozen is {config.frozen}, which leaves no weight to train: the network "
            f"has {parts}"
        )


def check_memory(config: TrainConfig) -> None:
    """Checks that a tracker can use a memory design of one's own.

    Raises:
      InputError: it can't, as `loading.check_design` says.
    """
    tracking = tracker_config.default_config(config.model, memory=config.memory)
    network = model_file.build_network(config.model)
    loading.check_design(TrackerSpec.of(network, tracking), shapes_of(config))


def initial_variables(
    config: TrainConfig, frames: UInt8[np.ndarray, "B H W 3"]
) -> dict[str, Any]:
    """Returns the network's variables before the first step.

    Args:
      config: says what to start from; `check` has checked it.
      frames: crops to measure the trunk's statistics on, which `lite` standardizes its
        maps by; not needed where all weights are loaded.

    """
    source = config.init_from
    if source and not source.endswith(".npz"):
        return _load(config, source)[0]
    key = jax.random.key(config.seed)
    variables = jax.jit(functools.partial(_draw, config))(key)
    model = config.model
    if model.network != "lite" or not isinstance(model, lite.LiteConfig):
        return variables
    if source:
        wanted = variables["params"]["trunk"]
        variables["params"]["trunk"] = trunk_file.read_trunk(source, wanted)
    images = jnp.asarray(frames, jnp.float32) / 255.0
    taps = lite.measure_taps(variables, lite.LiteNet(model), images)
    variables["params"].update(taps)
    return variables


def _check_shapes(source: str | Path, given: dict, wanted: dict) -> None:
    """Raises InputError if weights of a file don't fit the network to train."""

    def shapes(variables: dict) -> dict[str, tuple[int, ...]]:
        flat = traverse.flatten_dict(variables, sep="/")
        return {name: tuple(x.shape) for name, x in flat.items()}

    have, need = shapes(given), shapes(wanted)
    differing = [n for n in sorted(need.keys() | have.keys())
                 if need.get(n) != have.get(n)]  # fmt: skip
    if differing:
        raise InputError(
            f"{source} is of another network than the config's: {len(differing)} "
            f"weights differ, first {differing[0]}"
        )
