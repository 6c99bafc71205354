"""What the host class is given, checked before anything is computed: one line each."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.geometry import box_masks

MAX_OBJECT_ID = 255
_RGB = "give uint8 (height, width, 3)"


def check_frame(frame: Any, size: tuple[int, int] | None = None) -> None:
    """Checks that a frame is RGB, and of the first frame's size.

    Raises:
      InputError: it is no uint8 array (H, W, 3), has no pixel, or is of another size
        (height, width) than those before.
    """
    shape, dtype = getattr(frame, "shape", None), getattr(frame, "dtype", None)
    if shape is None or dtype is None:
        raise InputError(f"a frame is a {type(frame).__name__}: {_RGB}")
    if len(shape) != 3 or shape[2] != 3 or dtype != np.uint8:
        raise InputError(f"a frame is {dtype} {tuple(shape)}: {_RGB}")
    if not min(shape):
        raise InputError(f"a frame is {tuple(shape)}, without a pixel: {_RGB}")
    if size is not None and shape[:2] != size:
        raise InputError(
            f"a frame is {shape[:2]}, the first one {size}: bring all to one size, or "
            "start anew"
        )


def check_frames(frames: Any, size: tuple[int, int]) -> None:
    """Checks a chunk of frames of the first frame's size (height, width).

    Raises:
      InputError: there is none, or as `check_frame`.
    """
    if not hasattr(frames, "__len__") or not hasattr(frames, "__getitem__"):
        kind = type(frames).__name__
        raise InputError(
            f"the chunk of frames is a {kind}: give (F, H, W, 3) or a list"
        )
    if not len(frames):
        raise InputError("the chunk holds no frames: give one or more")
    for frame in frames:
        check_frame(frame, size)


def given(
    frame: np.ndarray, mask: Any, box_xywh: Any
) -> tuple[Float[np.ndarray, "H W"], bool]:
    """Returns the mask to begin from, a box filled, and whether it is an outline.

    Raises:
      InputError: not exactly one is given, or it does not fit the frame.
    """
    if (mask is None) == (box_xywh is None):
        raise InputError("give either mask or box_xywh to start from")
    from_mask, size = mask is not None, frame.shape[:2]
    return check_mask(mask if from_mask else fill_box(box_xywh, size), size), from_mask


def check_mask(mask: Any, size: tuple[int, int]) -> Float[np.ndarray, "H W"]:
    """Returns the mask as float32 0/1.

    Raises:
      InputError: it is not of numbers, has another size than the frame, or no pixel is
        set.
    """
    try:
        array = np.asarray(mask)
    except ValueError:  # Rows of several lengths.
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        kind = type(mask).__name__
        raise InputError(f"the mask is a {kind} of {array.dtype}: give booleans or 0/1")
    if array.shape != tuple(size):
        raise InputError(
            f"the mask is {array.shape}, its frame {tuple(size)}: "
            "give a mask of the frame's size"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError("the mask holds NaN or infinity: give booleans or 0/1")
    inside = array > 0.5
    if not inside.any():
        raise InputError("the mask is empty: mark the object in it")
    return inside.astype(np.float32)


def fill_box(box_xywh: Any, size: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """Returns the mask of the pixels whose centers lie in the box.

    Raises:
      InputError: the box is not four numbers, or has no pixel inside the frame.
    """
    try:
        box = np.asarray(box_xywh, np.float64)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] <= 0).any():
        given = files.shown(box_xywh)
        raise InputError(f"box {given} is no box: give x,y,w,h with w and h above 0")
    mask = box_masks.fill_box(box, size)
    if not mask.any():
        raise InputError(
            f"box {box.tolist()} holds no pixel of the frame of {size[1]} x {size[0]}: "
            "give x,y,w,h in pixels"
        )
    return mask


def check_object_id(object_id: Any) -> int:
    """Returns the id.

    Raises:
      InputError: it is no whole number in 1-255.
    """
    if not _is_whole(object_id):
        given = files.shown(repr(object_id))
        raise InputError(
            f"object id {given} is no whole number: give one in 1-{MAX_OBJECT_ID}"
        )
    if not 1 <= object_id <= MAX_OBJECT_ID:
        raise InputError(f"object id {object_id} is not in 1-{MAX_OBJECT_ID}")
    return int(object_id)


def check_count(value: Any, name: str, most: int | None = None) -> None:
    """Checks a number of pixels or slots.

    Raises:
      InputError: it is no whole number, below 1 or above `most`.
    """
    if not _is_whole(value) or value < 1 or (most is not None and value > most):
        given, limit = files.shown(repr(value)), f"1-{most}" if most else "1 or more"
        raise InputError(f"{name} is {given}: give a whole number, {limit}")


def check_answer(answer: Any) -> None:
    """Checks that the network said something; waits for the answer.

    Raises:
      InputError: the confidence is NaN, as it is where the mask is.
    """
    if np.isnan(np.asarray(answer.confidence)).any():
        raise InputError(
            "the mask of this frame is NaN: the network's weights or the memory design "
            "made it so; look for numbers that are not finite in both, in a design "
            "of your own by python -m samn_jax.memory.check my.py:Mine"
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
