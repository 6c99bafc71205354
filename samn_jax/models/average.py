"""The mean of the weights of several model files of one network.

python -m samn_jax.models.average A.safetensors B.safetensors --output MEAN.safetensors

Networks trained from one start on different data, or for different lengths, often do
better averaged than each alone ("model soups", ICML 2022).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import jax

from samn_jax.errors import InputError
from samn_jax.models import model_file


def average(paths: Sequence[str | Path]) -> model_file.LoadedModel:
    """Returns the network whose weights are the mean of those of model files.

    Raises:
      InputError: a file is missing or damaged, or they are not of one network.
    """
    models = [model_file.load_model(path) for path in paths]
    for path, model in zip(paths, models, strict=True):
        if model.config != models[0].config:
            raise InputError(
                f"{path} is of another network than {paths[0]}: average files of one"
            )
    variables = jax.tree.map(
        lambda *leaves: sum(leaves) / len(leaves), *[m.variables for m in models]
    )
    notes = {"mean_of": [{**m.notes, "file": str(p)}
                         for p, m in zip(paths, models, strict=True)]}  # fmt: skip
    return model_file.LoadedModel(models[0].config, variables, notes)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="model files of one network")
    parser.add_argument("--output", required=True, type=Path)
    flags = parser.parse_args(arguments)
    try:
        mean = average(flags.files)
        model_file.save_model(flags.output, *mean, dtype="float16")
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
