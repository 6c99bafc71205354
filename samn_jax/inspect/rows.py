"""Rows of a log, a frame each, and the columns that a trace is made of."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from samn_jax.inspect.record import ObjectTrace


class Held(NamedTuple):
    """A frame in the memory, or several cells of one."""

    slot: int
    rows: int
    frame: int
    given: bool
    target: float
    mass: float


def columns(rows: list[dict[str, Any]]) -> ObjectTrace:
    """Returns the rows of one object, column by column.

    Args:
      rows: of each frame, the fields of `ObjectTrace`; `held` is a list of `Held`.
    """
    side = max(row["response"].shape[0] for row in rows)
    held = [one for row in rows for one in row["held"]]
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows])
        for name in ObjectTrace._fields
        if name in rows[0] and name != "response"
    }
    columns["response"] = np.stack([_of_side(row["response"], side) for row in rows])
    columns["held_end"] = np.cumsum([len(row["held"]) for row in rows])
    for name in Held._fields:
        kind = {"given": bool, "target": float, "mass": float}.get(name, int)
        values = [getattr(one, name) for one in held]
        columns[f"held_{name}"] = np.array(values, kind)
    return ObjectTrace(**columns)


def _of_side(response: Float[np.ndarray, "R R"], side: int) -> np.ndarray:
    """Returns a response of that side; one that is missing is 0."""
    return response if response.shape[0] == side else np.zeros((side, side))
