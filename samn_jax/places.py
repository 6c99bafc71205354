"""Places of results: inside the folder they are to lie in, and none of the inputs'."""

import os
from collections.abc import Iterable
from pathlib import Path

from samn_jax import files
from samn_jax.errors import InputError


def inside(root: Path, path: Path) -> Path:
    """Returns the path, which must lie in the folder `root`, links followed.

    Raises:
      InputError: it does not.
    """
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # Links in a circle.
        is_inside = False
    if not is_inside:
        raise InputError(
            f"{files.shown(path)} lies outside {files.shown(root)}: rename it"
        )
    return path


def check_other(output: Path, inputs: Iterable[Path]) -> None:
    """Checks that what is to be written is none of the files it is made from.

    Raises:
      InputError: it is one of them, by another name or through a link perhaps.
    """
    for source in inputs:
        try:
            same = os.path.samefile(output, source)
        except (OSError, ValueError):  # One is not there: they are two files.
            same = False
        if same:
            raise InputError(
                f"{files.shown(output)} is the input file {files.shown(source)}: give "
                "another output"
            )
