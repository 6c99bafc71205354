"""What tracking says of a frame, on the host."""

import zlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from samn_jax.media.frames import Frame


class ObjectResult(NamedTuple):
    """What is said of one object in one frame."""

    object_id: int
    name: str
    confidence: float  # in [0, 1]; 0 when the object is lost
    uncertainty: float  # of the spatial memory: about 1 is certain
    box_xywh: tuple[float, float, float, float]  # around its mask; zeros when lost
    polygon: Float[np.ndarray, "4 2"]  # rotated box, corners (x, y)
    alpha: UInt8[np.ndarray, "H W"]  # probability, 255 for 1

    @property
    def lost(self) -> bool:
        """Returns whether the object was not found."""
        return self.confidence <= 0


class FrameResult(NamedTuple):
    """What is said of one frame."""

    frame: Frame
    ids: UInt8[np.ndarray, "H W"]  # the object that each pixel shows, 0 background
    objects: tuple[ObjectResult, ...]  # those tracked by then, by id


class PackedResult(NamedTuple):
    """A result without its picture, in a few kilobytes."""

    frame_idx: int
    shape: tuple[int, ...]
    ids: bytes
    objects: tuple[tuple[ObjectResult, bytes], ...]


def pack(result: FrameResult) -> PackedResult:
    """Returns the result in a few kilobytes; `unpack` undoes it."""
    nothing = np.zeros((0, 0), np.uint8)
    objects = tuple(
        (one._replace(alpha=nothing), compress(one.alpha)) for one in result.objects
    )
    ids = compress(result.ids)
    return PackedResult(result.frame.index, result.ids.shape, ids, objects)


def unpack(packed: PackedResult, frame: Frame) -> FrameResult:
    """Returns the result again, of the frame as it was read anew."""
    objects = tuple(
        one._replace(alpha=expand(alpha, packed.shape)) for one, alpha in packed.objects
    )
    return FrameResult(frame, expand(packed.ids, packed.shape), objects)


def compress(pixels: UInt8[np.ndarray, "H W"]) -> bytes:
    """Returns the pixels in few bytes."""
    return zlib.compress(np.ascontiguousarray(pixels).data, level=1)


def expand(data: bytes, shape: tuple[int, ...]) -> UInt8[np.ndarray, "H W"]:
    """Returns what `compress` was given."""
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
