"""Model files: weights with the network's config, in one .safetensors file.

Weights may be stored in float16; they are float32 once loaded, and finite. Nothing is
unpickled. Reading takes at most four times the file's size and 64 MiB.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import flax.traverse_util as traverse
import jax
import jax.numpy as jnp
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.memory import parameters
from samn_jax.models import lite, lite_decoder, samn, tensor_file
from samn_jax.models import weights as weights_lib

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
    """Returns the Linen module that `config` describes.

    Raises:
      InputError: its name is not that of a network with such a config.
    """
    name: Any = getattr(config, "network", config)
    if name not in _NETWORKS or not isinstance(config, _NETWORKS[name][0]):
        raise InputError(
            f"model.network is {name!r}: leave it to the config, as "
            f"configs/{'.py or configs/'.join(_NETWORKS)}.py"
        )
    return _NETWORKS[name][1](config)


def config_from_dict(values: dict[str, Any]) -> ModelConfig:
    """Returns the network's config from its fields.

    Raises:
      ValueError: no network has that name, or a field is unknown or makes no sense.
    """
    name = values.get("network")
    if not isinstance(name, str) or name not in _NETWORKS:
        raise ValueError(f"network {name!r} is unknown: choose from {list(_NETWORKS)}")
    kind = _NETWORKS[name][0]
    unknown = set(values) - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise ValueError(f"{name} has no field {sorted(unknown)}")
    given = {k: _as_tuple(v) for k, v in values.items()}
    for field in dataclasses.fields(kind):
        value = given.get(field.name, field.default)
        if not _is_like(value, field.default):
            raise ValueError(f"{field.name} must be like {field.default!r}")
    return kind(**given)


def _is_like(value: Any, example: Any) -> bool:
    """Returns whether a setting is of the type of another, in tuples too."""
    if isinstance(example, tuple):
        return isinstance(value, tuple) and all(_is_like(v, example[0]) for v in value)
    return type(value) is type(example)


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

    Equal content gives equal bytes.

    Raises:
      InputError: a weight is not finite or not floating point, or the file can't be
        written.
    """
    path = Path(path)
    flat = traverse.flatten_dict(variables, sep="/")
    arrays = {
        name: _stored(weights_lib.as_float32(np.asarray(x), path, name), dtype)
        for name, x in flat.items()
    }
    metadata = {
        "format": FORMAT,
        "config": json.dumps(dataclasses.asdict(config)),
        "notes": json.dumps(notes, sort_keys=True),
    }
    tensor_file.write_file(path, arrays, metadata)


def _stored(weights: np.ndarray, dtype: str) -> np.ndarray:
    fits = np.abs(weights).max(initial=0.0) <= np.finfo(dtype).max
    return weights.astype(dtype if fits else np.float32, copy=False)


def find_model(name_or_path: str | Path) -> Path:
    """Returns the path of a model: a file's own, or that of a shipped one by name.

    Raises:
      InputError: there is no such file and no shipped model of that name.
    """
    if not isinstance(name_or_path, str | os.PathLike):  # Its own error says less.
        name_or_path = repr(name_or_path)
    path = Path(name_or_path)
    shipped = PRETRAINED / f"{name_or_path}.safetensors"
    for candidate in (path, shipped):
        if os.path.isfile(candidate):  # False, too, for a name that can be no path.
            return candidate
    names = ", ".join(sorted(p.stem for p in PRETRAINED.glob("*.safetensors")))
    raise InputError(
        f"checkpoint {files.shown(name_or_path)} is neither a file nor a shipped model "
        f"({names})"
    )


def load_model(name_or_path: str | Path) -> LoadedModel:
    """Returns the model of a file, or of a shipped one by its name (`lite`).

    Raises:
      InputError: the file is missing, damaged, or not a model of this package.
    """
    path = find_model(name_or_path)
    file = _open(path)
    try:
        config = config_from_dict(_read_object(file, "config"))
        notes = _read_object(file, "notes")
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{files.shown(path)} is of another model: {files.shown(error)}"
        ) from error
    # A memory's own weights are checked with the memory that is to use them.
    own = parameters.COLLECTION + "/"
    shapes = {k: x for k, x in file.shapes.items() if not k.startswith(own)}
    weights_lib.check_shapes(path, variable_shapes(config), shapes)
    weights = {
        name: jnp.asarray(weights_lib.as_float32(file.read(name), path, name))
        for name in file.entries
    }
    return LoadedModel(config, traverse.unflatten_dict(weights, sep="/"), notes)


def _read_object(file: tensor_file.TensorFile, name: str) -> dict[str, Any]:
    """Returns the JSON object in a text of the file, an empty one where it is not.

    Raises:
      ValueError, RecursionError: it is damaged, or no object.
    """
    content = json.loads(file.metadata.get(name, "{}"))
    if not isinstance(content, dict):
        raise ValueError(f"its {name} is no JSON object")
    return content


def _open(path: Path) -> tensor_file.TensorFile:
    """Returns the header of a model file.

    Raises:
      InputError: it is damaged, or has another format.
    """
    cure = "torch checkpoints are converted by python -m samn_jax.convert"
    try:
        file = tensor_file.open_file(path)
    except InputError as error:
        raise InputError(f"{error}; {cure}") from error
    if file.metadata.get("format") != FORMAT:
        raise InputError(f"{files.shown(path)} is not a {FORMAT} file; {cure}")
    return file


def variable_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each of the network's variables, by path joined with `/`."""
    shapes = jax.eval_shape(lambda k: init_variables(config, k), jax.random.key(0))
    flat = traverse.flatten_dict(dict(shapes), sep="/")
    return {name: tuple(x.shape) for name, x in flat.items()}


def zero_at_start(config: ModelConfig) -> tuple[str, ...]:
    """Returns the names of `params` that are zero by design until they are trained."""
    return lite_decoder.ZERO_AT_START if isinstance(config, lite.LiteConfig) else ()


def init_variables(config: ModelConfig, key: jax.Array) -> dict[str, Any]:
    """Returns freshly drawn variables of the network."""
    network = build_network(config)
    image, mask = jnp.zeros((1, 64, 64, 3)), jnp.zeros((1, 64, 64))
    return dict(network.init(key, image, mask))
