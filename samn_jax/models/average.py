"""The mean of the weights of several model files of one network.

python -m samn_jax.models.average A.safetensors B.safetensors --output MEAN.safetensors

Networks trained from one start on different data, or for different lengths, often do
better averaged than each alone ("model soups", ICML 2022).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from samn_jax import commands, files, places, provenance
from samn_jax.errors import InputError
from samn_jax.models import model_file

# Notes about one training, which say nothing of a mean.
_OF_ONE_RUN = ("train_config", "steps")


def average(paths: Sequence[str | Path]) -> model_file.LoadedModel:
    """Returns the network whose weights are the mean of those of model files.

    Its notes are those that all files share, and name and SHA-256 of each file.

    Args:
      paths: of the files, or names of shipped models.

    Raises:
      InputError: there are none, one is missing or damaged, or they are not of one
        network.
    """
    if not paths:
        raise InputError("no model files to average: name at least one")
    found = [model_file.find_model(path) for path in paths]
    first = model_file.load_model(found[0])
    # Sums of float32 in float64 neither overflow nor depend on the order.
    total = jax.tree.map(lambda x: np.asarray(x, np.float64), first.variables)
    notes = [first.notes]
    for path in found[1:]:
        model = model_file.load_model(path)
        if model.config != first.config:
            raise InputError(
                f"{files.shown(path)} is of another network than "
                f"{files.shown(found[0])}: average files of one"
            )
        total = jax.tree.map(lambda x, y: x + np.asarray(y), total, model.variables)
        notes.append(model.notes)
    variables = jax.tree.map(lambda x: (x / len(found)).astype(np.float32), total)
    parts = [{"name": p.name, "sha256": provenance.file_sha256(p)} for p in found]
    return first._replace(
        variables=variables, notes={**_shared(notes), "mean_of": parts}
    )


def _shared(notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the notes that all files have alike, but for those of a single run."""
    shared = {**notes[0]}
    for other in notes:
        shared = {k: v for k, v in shared.items() if k in other and other[k] == v}
    return {k: v for k, v in shared.items() if k not in _OF_ONE_RUN}


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 after one line on what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="model files of one network")
    parser.add_argument("--output", required=True, type=Path)
    return commands.run(_write_average, parser, arguments)


def _write_average(flags: argparse.Namespace) -> None:
    places.check_other(flags.output, map(model_file.find_model, flags.files))
    mean = average(flags.files)
    model_file.save_model(flags.output, *mean, dtype="float16")


if __name__ == "__main__":
    sys.exit(main())
