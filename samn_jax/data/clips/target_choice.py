"""Which objects of training frames a clip is about, and their boxes."""

import functools
import logging
from collections.abc import Callable, Sequence

import numpy as np

from samn_jax.data.clips import augment
from samn_jax.data.clips.sources import Frame, Loaded
from samn_jax.errors import InputError
from samn_jax.geometry import box_masks

MIN_OBJECT_PX = 64  # smaller objects of the first frame teach nothing


def filled_boxes(ids: np.ndarray) -> np.ndarray:
    """Returns the bounding box of each object, filled with its id."""
    filled = np.zeros_like(ids)
    for number in np.unique(ids[ids > 0]):
        x, y, width, height = augment.box_of(ids == number)
        box_xywh = (x - width / 2, y - height / 2, width, height)
        filled[box_masks.fill_box(box_xywh, ids.shape)] = number
    return filled


def load_objects(
    rng: np.random.Generator,
    load: Callable[[Frame], Loaded],
    frames: Sequence[Frame],
    count: int,
) -> list[Loaded]:
    """Returns frames with up to `count` objects of the first one, ids from 1.

    Empty if a file can't be read, which is logged once, or no object is large enough.

    Args:
      rng: generator.
      load: reads a frame.
      frames: of a clip, or a single one.
      count: most objects.
    """
    try:
        loaded = [load(frame) for frame in frames]
    except InputError as error:
        _warn_once(str(error))
        return []
    chosen = _pick_objects(rng, loaded[0][1], count)
    if not len(chosen):
        return []
    table = np.zeros(256, np.uint8)
    table[chosen] = np.arange(1, len(chosen) + 1)
    return [(frame, table[ids]) for frame, ids in loaded]


def _pick_objects(
    rng: np.random.Generator, ids: np.ndarray, count: int
) -> Sequence[int]:
    """Returns up to `count` object ids of the mask, at random, all large enough."""
    sizes = np.bincount(ids.ravel())
    large = [i for i in range(1, len(sizes)) if sizes[i] >= MIN_OBJECT_PX]
    if not large or count == 1:
        return [int(rng.choice(large))] if large else []
    return rng.choice(large, min(count, len(large)), replace=False).tolist()


@functools.cache
def _warn_once(message: str) -> None:
    logging.warning("left out of training: %s", message)
