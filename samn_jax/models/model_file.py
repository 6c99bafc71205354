"""Model files: weights with the network's config, in one .safetensors file.

Weights may be stored in float16; they are float32 once loaded. Nothing is unpickled.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import flax.traverse_util as traverse
import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy

from samn_jax.errors import InputError
from samn_jax.models import lite, samn

FORMAT = "samn_jax model 1"
PRETRAINED = Path(__file__).parents[1] / "pretrained"

ModelConfig = lite.LiteConfig | samn.SAMNConfig
_NETWORKS = {
    "lite": (lite.LiteConfig, lite.LiteNet),
    "resnet50": (samn.SAMNConfig, samn.SAMN),
}


class LoadedModel(NamedTuple):
    """What a model file holds."""

    config: ModelConfig
    variables: dict[str, Any]
    notes: dict[str, Any]  # provenance: data, commit, license, ...


def build_network(config: ModelConfig) -> nn.Module:
    """Returns the Linen module that `config` describes."""
    return _NETWORKS[config.network][1](config)


def config_from_dict(values: dict[str, Any]) -> ModelConfig:
    """Returns the network's config from its fields.

    Raises:
      ValueError: no network has that name, or a field is unknown.
    """
    name = values.get("network")
    if name not in _NETWORKS:
        raise ValueError(f"network {name!r} is unknown: choose from {list(_NETWORKS)}")
    kind = _NETWORKS[name][0]
    unknown = set(values) - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise ValueError(f"{name} has no field {sorted(unknown)}")
    return kind(**{k: _as_tuple(v) for k, v in values.items()})


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def save_model(
    path: str | Path,
    config: ModelConfig,
    variables: dict[str, Any],
    notes: dict[str, Any],
    *,
    dtype: str = "float32",
) -> None:
    """Writes a model file in one step.

    Args:
      path: where to.
      config: the network's.
      variables: its weights.
      notes: provenance, as JSON has it.
      dtype: how weights are stored. What it can't hold stays in float32.
    """
    flat = traverse.flatten_dict(variables, sep="/")
    arrays = {name: _stored(np.asarray(x), dtype) for name, x in flat.items()}
    metadata = {
        "format": FORMAT,
        "config": json.dumps(dataclasses.asdict(config)),
        "notes": json.dumps(notes),
    }
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(safetensors.numpy.save(arrays, metadata))
    partial.replace(path)


def _stored(weights: np.ndarray, dtype: str) -> np.ndarray:
    fits = np.abs(weights).max(initial=0.0) <= np.finfo(dtype).max
    return np.ascontiguousarray(weights, dtype if fits else np.float32)


def find_model(name_or_path: str | Path) -> Path:
    """Returns the path of a model: a file's own, or that of a shipped one by name.

    Raises:
      InputError: there is no such file and no shipped model of that name.
    """
    path = Path(name_or_path)
    shipped = PRETRAINED / f"{name_or_path}.safetensors"
    if path.is_file():
        return path
    if shipped.is_file():
        return shipped
    names = ", ".join(sorted(p.stem for p in PRETRAINED.glob("*.safetensors")))
    raise InputError(
        f"checkpoint {name_or_path} is neither a file nor a shipped model ({names})"
    )


def load_model(name_or_path: str | Path) -> LoadedModel:
    """Returns the model of a file, or of a shipped one by its name (`lite`).

    Raises:
      InputError: the file is missing, damaged, or not a model of this package.
    """
    path = find_model(name_or_path)
    metadata, arrays = _read_file(path)
    try:
        config = config_from_dict(json.loads(metadata["config"]))
        notes = json.loads(metadata.get("notes", "{}"))
        wanted = jax.eval_shape(lambda k: init_variables(config, k), jax.random.key(0))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(f"{path} is of another model: {reason}") from error
    weights = {k: jnp.asarray(v, jnp.float32) for k, v in arrays.items()}
    variables = traverse.unflatten_dict(weights, sep="/")
    _check_weights(path, wanted, variables)
    return LoadedModel(config, variables, notes)


def _read_file(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Returns a model file's metadata and arrays.

    Raises:
      InputError: it is damaged, or has another format.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise InputError(
                    f"{path} is not a {FORMAT} file; torch checkpoints are converted "
                    "by python -m samn_jax.convert"
                )
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is damaged or not a model file ({error}); torch checkpoints: "
            "python -m samn_jax.convert"
        ) from error
    return metadata, arrays


def init_variables(config: ModelConfig, key: jax.Array) -> dict[str, Any]:
    """Returns freshly drawn variables of the network."""
    network = build_network(config)
    image, mask = jnp.zeros((1, 64, 64, 3)), jnp.zeros((1, 64, 64))
    return network.init(key, image, mask)


def _check_weights(path: Path, wanted: dict, variables: dict) -> None:
    """Raises InputError if names or shapes differ from what the network has."""
    wanted_shapes = _shapes(wanted)
    given_shapes = _shapes(variables)
    if wanted_shapes != given_shapes:
        names = sorted(
            name
            for name in wanted_shapes.keys() | given_shapes.keys()
            if wanted_shapes.get(name) != given_shapes.get(name)
        )
        raise InputError(
            f"{path}: {len(names)} weights differ from the network of its config, "
            f"first {names[0]}: take the file of this version"
        )


def _shapes(variables: dict) -> dict[str, tuple[int, ...]]:
    flat = traverse.flatten_dict(variables, sep="/")
    return {name: tuple(x.shape) for name, x in flat.items()}
