"""State files: all that is carried from frame to frame, to go on from another day.

In the safetensors format; nothing is unpickled. A state means something only to the
network and memory design that made it, so a file says which they were, and no other
tracker reads it. Other settings of the tracker may differ.
"""

import dataclasses
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import flax.traverse_util as traverse
import jax
import jax.numpy as jnp
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.models import tensor_file, winograd
from samn_jax.tracking import checks, multi_object, slots, state_checks
from samn_jax.tracking.multi_object import MultiState
from samn_jax.tracking.predictor import State, Tracker
from samn_jax.tracking.state import TrackerState

FORMAT = "samn_jax state 1"
_MOST_SIDE = 2**15  # pixels of a frame
_MOST_FRAMES = 2**30  # of a video
_MOST_SLOTS = 2 * checks.MAX_OBJECT_ID
_TEXTS = ("network", "weights", "design", "height", "width", "slots")


def save_state(path: str | Path, tracker: Tracker, state: State) -> None:
    """Writes the state of one object or several in one step.

    Equal states give equal bytes.

    Args:
      path: where to.
      tracker: what the state is from.
      state: after any frame.

    Raises:
      InputError: a number in it is not finite, it is not the tracker's, or the file
        can't be written.
    """
    path = Path(path)
    height, width = tracker.check_state(state)
    sizes = {"height": height, "width": width, "slots": 0}
    if isinstance(state, MultiState):
        sizes["slots"] = len(slots.object_ids(state))
    arrays = {name: np.asarray(x) for name, x in _named(state).items()}
    for name, array in arrays.items():
        _check_array(path, name, array)
    told = _identity(tracker) | {name: str(number) for name, number in sizes.items()}
    tensor_file.write_file(path, arrays, {"format": FORMAT, **told})


def load_state(path: str | Path, tracker: Tracker) -> State:
    """Returns a state that `save_state` has written, of one object or several.

    The header is checked before an array is read; no array is larger than the tracker's
    own are.

    Args:
      path: of the file.
      tracker: of the same network, weights and memory design; other settings may
        differ.

    Raises:
      InputError: the file is missing, damaged or of another tracker.
    """
    path = Path(path)
    file = tensor_file.open_file(path)
    if file.metadata.get("format") != FORMAT:
        raise InputError(f"{files.shown(path)} is no {FORMAT} file: give another one")
    if missing := [name for name in _TEXTS if name not in file.metadata]:
        raise _damaged(path, f"it has no {missing[0]}")
    _check_identity(path, file.metadata, _identity(tracker))
    expected = _expected(tracker, _sizes(path, file.metadata))
    leaves, structure = jax.tree.flatten(expected)
    names = list(_named(expected))
    if set(names) != set(file.entries):
        raise _damaged(path, "it has other arrays")
    for name, wanted in zip(names, leaves, strict=True):
        entry = file.entries[name]
        if _kind(entry) != _kind(wanted):
            raise _damaged(path, f"{name} has another shape or type")
    arrays = [file.read(name) for name in names]
    for name, array in zip(names, arrays, strict=True):
        _check_array(path, name, array)
    state = jax.tree.unflatten(structure, [jnp.asarray(array) for array in arrays])
    _check_values(path, state, file.metadata)
    return state


def _identity(tracker: Tracker) -> dict[str, str]:
    """Returns what a state depends on: texts that are equal for equal trackers."""
    spec, digest = tracker.spec, hashlib.sha256()
    weights = {k: x for k, x in tracker.variables.items() if k != winograd.COLLECTION}
    flat = traverse.flatten_dict(weights, sep="/")
    for name in sorted(flat):
        array = np.ascontiguousarray(flat[name])
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    design = _told(spec.memory) | {"code": spec.source}
    return {
        "network": json.dumps(_told(spec.network), sort_keys=True),
        "weights": digest.hexdigest(),
        "design": json.dumps(design, sort_keys=True),
    }


def _told(thing: Any) -> dict[str, str]:
    """Returns the name of a dataclass and its settings, as text."""
    told = {"name": type(thing).__qualname__}
    for field in dataclasses.fields(thing):
        if field.name not in ("parent", "name"):  # of a Linen module
            told[field.name] = repr(getattr(thing, field.name))
    return told


def _check_identity(path: Path, told: dict[str, str], own: dict[str, str]) -> None:
    """Raises InputError that names the first thing in which the trackers differ."""
    for name, text in own.items():
        if told[name] == text:
            continue
        there, here = {name: told[name]}, {name: text}
        if name != "weights":
            there, here = _object(path, told[name]), _object(path, text)
        parts = [k for k in ("name", *here, *there) if there.get(k) != here.get(k)]
        part = parts[0] if parts else name
        raise InputError(
            f"{files.shown(path)} is of another {name}: its {files.shown(part)} is "
            f"{files.shown(there.get(part))}, the tracker's "
            f"{files.shown(here.get(part))}: load it with the tracker that saved it"
        )


def _object(path: Path, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its texts are no JSON") from error
    if not isinstance(content, dict):
        raise _damaged(path, "its texts are no JSON objects")
    return content


def _sizes(path: Path, told: dict[str, str]) -> dict[str, int]:
    """Returns height, width and slots, all within their limits."""
    sizes = {}
    limits = {"height": _MOST_SIDE, "width": _MOST_SIDE, "slots": _MOST_SLOTS}
    for name, most in limits.items():
        text = told[name]
        if not (text.isascii() and text.isdigit() and len(text) < 9):
            raise _damaged(path, f"its {name} is no number")
        sizes[name] = int(text)
        if not (name == "slots" or sizes[name]) or sizes[name] > most:
            raise _damaged(path, f"its {name} is {sizes[name]}")
    return sizes


def _expected(tracker: Tracker, sizes: dict[str, int]) -> Any:
    """Returns shapes and types of the tracker's state for such frames."""
    size = sizes["height"], sizes["width"]
    one = state_checks.expected(tracker.spec, tracker.variables, size)
    if not sizes["slots"]:
        return one
    start = functools.partial(multi_object.empty_slots, slots=sizes["slots"])
    return jax.eval_shape(start, one)


def _named(state: Any) -> dict[str, Any]:
    """Returns the arrays of a state by their place in it, in its order."""
    flat, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path).lstrip("."): x for path, x in flat}


def _kind(array: Any) -> tuple:
    return tuple(array.shape), np.dtype(array.dtype)


def _check_array(path: Path, name: str, array: np.ndarray) -> None:
    """Raises InputError unless all numbers are finite and truth values 0 or 1."""
    if array.dtype == np.bool_:
        good = bool((array.view(np.uint8) <= 1).all())
    else:
        good = bool(np.isfinite(array.astype(np.float64)).all())
    if not good:
        raise _damaged(path, f"{name} is not finite")


def _check_values(path: Path, state: State, told: dict[str, str]) -> None:
    """Raises InputError for a frame size, object or place that can't be."""
    one = state if isinstance(state, TrackerState) else state.objects
    size = [int(told["height"]), int(told["width"])]
    if (np.asarray(one.extent_hw) != np.array(size)).any():
        raise _damaged(path, "its frames have another size")
    if (np.asarray(one.target.size_wh) <= 0).any() or (
        np.asarray(one.target.first_size_wh) <= 0
    ).any():
        raise _damaged(path, "a target has no size")
    if (np.asarray(one.target.area) < 0).any() or (
        np.asarray(one.target.first_area) < 0
    ).any():
        raise _damaged(path, "a target's area is negative")
    for count in (np.asarray(one.frame_idx), np.asarray(one.lost_frames)):
        if (count < 0).any() or (count > _MOST_FRAMES).any():
            raise _damaged(path, "a count is impossible")
    if isinstance(state, MultiState):
        ids = [i for i in slots.object_ids(state) if i]
        wrong = [i for i in ids if not 0 < i <= checks.MAX_OBJECT_ID]
        if wrong or len(set(ids)) != len(ids):
            raise _damaged(path, "its objects are impossible")


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"{files.shown(path)} is damaged, or of other settings "
        f"({files.shown(reason)}): save it again"
    )
