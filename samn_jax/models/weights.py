"""Weights that come from a file: of the names and shapes wanted, and usable."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError


def as_float32(array: np.ndarray, path: str | Path, name: str) -> np.ndarray:
    """Returns a copy of a weight in float32, contiguous.

    Args:
      array: as the file has it, of any floating-point type.
      path: of the file, for the message.
      name: of the weight in that file, for the message.

    Raises:
      InputError: it is not floating point, not finite, too large for float32, or a
        variance below 0.
    """
    where = f"{files.shown(path)}: weight {files.shown(name)}"
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise InputError(f"{where} is {array.dtype}, not floating point: save it anew")
    with np.errstate(over="ignore"):
        copied = np.array(array, np.float32, order="C")
    if not np.isfinite(copied).all():
        finite = np.isfinite(array).all()
        what = "is too large for float32" if finite else "holds NaN or infinity"
        raise InputError(f"{where} {what}: take a checkpoint from before it did")
    if name.endswith("var") and (copied < 0).any():
        raise InputError(f"{where} is a variance below 0: take another checkpoint")
    return copied


def check_shapes(
    path: str | Path,
    wanted: Mapping[str, Sequence[int]],
    given: Mapping[str, Sequence[int]],
) -> None:
    """Checks that a file has the weights of a network, before they are read.

    Args:
      path: of the file, for the message.
      wanted: shapes by name, as the network has them.
      given: shapes by name, as the file has them.

    Raises:
      InputError: a weight is missing, one too many, or of another shape.
    """
    shapes = [{k: tuple(v) for k, v in side.items()} for side in (wanted, given)]
    names = sorted(
        name
        for name in wanted.keys() | given.keys()
        if shapes[0].get(name) != shapes[1].get(name)
    )
    if not names:
        return
    first = names[0]
    what = "has a weight too many"
    if first in wanted:
        shape = "x".join(map(str, shapes[0][first])) or "one number"
        has = "nothing" if first not in given else list(shapes[1][first])
        what = f"should have {shape}, has {has}"
    raise InputError(
        f"{files.shown(path)}: {len(names)} weights differ from its network's, first "
        f"{files.shown(first)} ({what}): take the file of this version"
    )
