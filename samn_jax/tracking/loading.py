"""What a tracker is made of, from a model file."""

from pathlib import Path
from typing import Any

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.memory import parameters
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design
from samn_jax.models import model_file, winograd
from samn_jax.tracking.config import file_config
from samn_jax.tracking.state import TrackerSpec


def load_tracker(
    checkpoint: str | Path, design: Design | None, overrides: dict[str, Any]
) -> tuple[TrackerSpec, dict[str, Any]]:
    """Returns the static part and the weights of a model file's tracker.

    Args:
      checkpoint: path of a model file, or a shipped model's name.
      design: a memory design, in place of the one that the settings name.
      overrides: fields of `TrackerConfig`, as `overrides.merge` takes them.

    Raises:
      InputError: the file is missing, damaged or of another model; a setting is unknown
        or not right; the design is none.
    """
    if not isinstance(design, Design | None):
        raise InputError(
            f"design is {files.shown(repr(design))}: give an object that inherits "
            "from samn_jax.memory.design.Design, or memory={'design': name}"
        )
    model = model_file.load_model(checkpoint)
    if design is not None:  # No other one need be there.
        overrides = {**overrides, "memory.design": MemoryConfig.design}
    config = file_config(checkpoint, model, overrides)
    network = model_file.build_network(model.config)
    spec = TrackerSpec.of(network, config, design)
    variables = parameters.select(spec.memory, network, model.variables, checkpoint)
    return spec, winograd.for_this_machine(network, variables)
