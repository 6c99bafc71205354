"""What a user says of the objects: a box or a mask of each, in some frame."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from samn_jax import files
from samn_jax.data.formats import images
from samn_jax.errors import InputError
from samn_jax.media.frames import shown_size

_MOST_OBJECTS = 255  # ids of an indexed mask


@dataclasses.dataclass(frozen=True, eq=False)
class Prompt:
    """Where one object is in one frame; it has either a mask or a box.

    Attributes:
      object_id: in 1-255, its index in masks.
      name: what people call it.
      frame_idx: the frame.
      mask: boolean (H, W).
      box_xywh: left, top, width, height in pixels.
    """

    object_id: int
    name: str
    frame_idx: int = 0
    mask: Bool[np.ndarray, "H W"] | None = None
    box_xywh: tuple[float, float, float, float] | None = None

    @property
    def start(self) -> dict[str, Any]:
        """Returns the arguments of `Tracker.init`."""
        return {"mask": self.mask, "box_xywh": self.box_xywh}

    def check(self, frame: UInt8[np.ndarray, "H W 3"]) -> None:
        """Makes sure that the frame shows some of the object.

        Raises:
          InputError: the mask is empty or of another size, or the box is outside.
        """
        size = frame.shape[:2]
        if self.mask is not None:
            if self.mask.shape != size:
                raise InputError(
                    f"the mask of {self.name} is {shown_size(self.mask.shape)}, the "
                    f"frame {shown_size(size)}: give a mask of the frame's size"
                )
            if not self.mask.any():
                raise InputError(f"the mask of {self.name} is empty: mark the object")
        if self.box_xywh is not None:
            x, y, width, height = self.box_xywh
            if not np.isfinite(self.box_xywh).all() or width <= 0 or height <= 0:
                raise InputError(
                    f"the box {_shown_box(self.box_xywh)} of {self.name} is no box: "
                    "give x,y,w,h with w and h above 0"
                )
            if x >= size[1] or y >= size[0] or x + width <= 0 or y + height <= 0:
                raise InputError(
                    f"the box {_shown_box(self.box_xywh)} of {self.name} lies outside "
                    f"the frame of {shown_size(size)}: give x,y,w,h in pixels"
                )


def parse_boxes(texts: Sequence[str], frame_idx: int) -> list[Prompt]:
    """Returns a prompt for each `x,y,w,h` or `NAME=x,y,w,h`.

    Raises:
      InputError: one isn't four numbers, or its name is unusable or there twice.
    """
    if len(texts) > _MOST_OBJECTS:
        raise InputError(
            f"--box is given {len(texts)} times: {_MOST_OBJECTS} objects are the most"
        )
    prompts: list[Prompt] = []
    for object_id, text in enumerate(texts, 1):
        name, equals, numbers = text.rpartition("=")
        name = files.check_name(name, "object") if equals else f"object {object_id}"
        if any(name == prompt.name for prompt in prompts):
            raise InputError(f"two objects are called {name}: rename one")
        box = _parse_box(numbers, text)
        prompts.append(Prompt(object_id, name, frame_idx, box_xywh=box))
    return prompts


def read_mask(path: Path, frame_idx: int) -> list[Prompt]:
    """Returns a prompt for every object of a mask file.

    Raises:
      InputError: it can't be read, or holds no object.
    """
    if path.is_dir():
        raise InputError(f"{files.shown(path)} is a folder: give the mask of one frame")
    ids = images.read_mask(path)
    numbers = [number for number in np.unique(ids).tolist() if number]
    if not numbers:
        raise InputError(f"{files.shown(path)} is empty: mark the object in it")
    return [
        Prompt(number, f"object {number}", frame_idx, mask=ids == number)
        for number in numbers
    ]


def check_mask_file(path: Path, prompts: Sequence[Prompt], frame: np.ndarray) -> None:
    """Makes sure that prompts of a mask file fit the frame.

    Raises:
      InputError: they don't; it names the file.
    """
    shape = prompts[0].mask.shape if prompts[0].mask is not None else frame.shape[:2]
    if shape != frame.shape[:2]:
        raise InputError(
            f"{files.shown(path)} is {shown_size(shape)}, the frame "
            f"{shown_size(frame.shape)}: give a mask of the frame's size"
        )


def _parse_box(numbers: str, text: str) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = map(float, numbers.split(","))
    except ValueError as error:
        raise InputError(
            f"--box {files.shown(text)} is not x,y,w,h or NAME=x,y,w,h: write "
            "--box dog=120,80,60,90"
        ) from error
    return x, y, width, height


def _shown_box(box: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in box)
