"""A log that grows while a video is tracked: traces, and small pictures of its frames.

The one thing here that changes; `content` gives it as a `VideoTrace`.
"""

import collections
import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from samn_jax import visualize
from samn_jax.inspect import rows as rows_lib
from samn_jax.inspect.record import NamedTrace, VideoTrace
from samn_jax.memory.entry import Reason, Slots
from samn_jax.metrics import davis
from samn_jax.tracking.trace import Trace

WIDTH = 320  # pixels of a small picture, if the frame is not narrower
_QUALITY = 72  # of its JPEG
_SEEN = 32  # frames whose numbers are known: more than are read ahead
_THRESHOLD = 0.5  # of the object probability
_SCALARS = (
    "found", "certain", "distractor", "confidence", "uncertainty", "area",
    "target_entropy", "entropy",
)  # fmt: skip
_NOWHERE = (0.0, 0.0, 0.0)

Mask = Bool[np.ndarray, "H W"]
Truth = Callable[[int, int], Mask | None]


class Shown(NamedTuple):
    """A frame and the object in it."""

    image: UInt8[np.ndarray, "H W 3"]
    mask: Mask


class _Run:
    """The rows of one object from one start on."""

    def __init__(self, name: str, object_id: int) -> None:
        self.name, self.object_id = name, object_id
        self.rows: list[dict[str, Any]] = []
        self.frames: dict[int, int] = {}  # of the video, by the tracker's count
        self.first: tuple[int, int] | None = None  # the tracker's count, frame


@dataclasses.dataclass(eq=False)
class Log:
    """What is told of one video and one design.

    Attributes:
      video: its name.
      design: name of the memory design.
      settings: of the design, as a person reads them.
      truth: frame, object id → true mask, None where it is not known.
      step: frames of the video from one tracked frame to the next; below 0 backward.
      names: of objects by id.
      alone: id of an object that is tracked alone.
    """

    video: str
    design: str = ""
    settings: str = ""
    truth: Truth | None = None
    step: int = 1
    names: dict[int, str] = dataclasses.field(default_factory=dict)
    alone: int = 1

    def __post_init__(self) -> None:
        """Begins without a frame."""
        self._seen: collections.deque = collections.deque(maxlen=_SEEN)
        self._pictures: dict[int, bytes] = {}
        self._runs: list[_Run] = []
        self._of_object: dict[int, _Run] = {}
        self._before: dict[int, _Run] = {}  # as it was when the last object began
        self._size = self._small = (1, 1)

    def see(self, frame_idx: int, image: np.ndarray) -> None:
        """Notes which frame of the video an image is; the tracker is not told."""
        self._seen.append((frame_idx, image))

    def frame_of(self, image: np.ndarray) -> int:
        """Returns the number of an image that was seen a moment ago."""
        for frame_idx, seen in reversed(tuple(self._seen)):
            if _place(seen) == _place(image):
                return int(frame_idx)
        raise LookupError("the log has not seen this frame")

    def begin(self, shown: Shown, count: int, slots: Slots) -> None:
        """Begins an object in a frame where its mask is given, or what a box says.

        It is the one that is tracked alone, unless `rename` says otherwise.

        Args:
          shown: the frame and the object.
          count: the tracker's number of the frame, 0.
          slots: what its memory holds now.
        """
        object_id = self.alone
        again = sum(run.object_id == object_id for run in self._runs)
        name = self.names.get(object_id, f"object {object_id}")
        run = _Run(f"{name}, start {again + 1}" if again else name, object_id)
        self._runs.append(run)
        self._before = dict(self._of_object)
        self._of_object[object_id] = run
        self._add_given(run, shown, count, slots)

    def correct(self, object_id: int, shown: Shown, count: int, slots: Slots) -> None:
        """Notes that a person has said where an object is in the frame just tracked."""
        run = self._run(object_id)
        if run.rows and run.frames.get(count) is not None:
            run.rows.pop()
        self._add_given(run, shown, count, slots)

    def rename(self, object_id: int) -> None:
        """Gives the object that was begun last its number."""
        run = self._runs[-1]
        self._of_object = self._before
        run.object_id = object_id
        run.name = self.names.get(object_id, f"object {object_id}")
        self._of_object[object_id] = run

    def add(self, object_id: int, shown: Shown, trace: Trace) -> None:
        """Notes a tracked frame of an object.

        Args:
          object_id: which one.
          shown: the frame and the answer.
          trace: of the frame, as arrays on the host.
        """
        run = self._run(object_id)
        frame_idx = self.frame_of(shown.image)
        run.first = run.first or (int(trace.frame_idx), frame_idx)
        run.frames[int(trace.frame_idx)] = frame_idx
        masses = np.asarray(trace.target_mass), np.asarray(trace.mass)
        response = trace.response
        row = {
            "given": False,
            "reason": int(trace.report.reason),
            "slot": int(trace.report.slot),
            "forgotten": self._video_frame(run, int(trace.report.forgotten)),
            "crop": _square(trace.crop),
            "response_crop": _square(trace.response_crop),
            "response": np.zeros((0, 0)) if response is None else np.asarray(response),
            "held": self._held(run, trace.slots, masses),
        }
        for name in _SCALARS:
            row[name] = getattr(trace, name).item()
        run.rows.append(row | self._pictured(run, frame_idx, shown))

    def missing(self) -> list[int]:
        """Returns the frames that a memory holds, but of which there is no picture."""
        held = {one.frame for run in self._runs for x in run.rows for one in x["held"]}
        return sorted(held - set(self._pictures))

    def add_picture(self, frame_idx: int, image: np.ndarray) -> None:
        """Keeps a small picture of a frame."""
        if frame_idx not in self._pictures:
            self._pictures[frame_idx] = _jpeg(image)

    def content(self) -> VideoTrace:
        """Returns all that was told so far; objects without a frame are left out."""
        objects = (
            NamedTrace(r.name, rows_lib.columns(r.rows)) for r in self._runs if r.rows
        )
        return VideoTrace(
            self.video,
            self.design,
            self.settings,
            self._size,
            self._small,
            dict(self._pictures),
            tuple(objects),
        )

    def _run(self, object_id: int) -> _Run:
        """Returns an object's rows; of one that was begun elsewhere, new ones."""
        if object_id not in self._of_object:
            name = self.names.get(object_id, f"object {object_id}")
            self._runs.append(_Run(name, object_id))
            self._of_object[object_id] = self._runs[-1]
        return self._of_object[object_id]

    def _video_frame(self, run: _Run, count: int) -> int:
        """Returns the video's number of a frame; before the log it is reckoned."""
        if count < 0 or count in run.frames or run.first is None:
            return run.frames.get(count, -1)
        first, frame_idx = run.first
        return frame_idx + self.step * (count - first)

    def _held(
        self, run: _Run, slots: Slots, masses: tuple[np.ndarray, ...] | None
    ) -> list[rows_lib.Held]:
        """Returns what could be read, frame by frame, in the order of the slots."""
        frames = np.where(np.asarray(slots.valid), np.asarray(slots.frame_idx), -1)
        target, mass = masses or (np.zeros(len(frames)), np.zeros(len(frames)))
        places = np.flatnonzero(frames >= 0)
        groups = [places[frames[places] == at] for at in np.unique(frames[places])]
        groups.sort(key=lambda group: int(group[0]))
        return [
            rows_lib.Held(
                int(group[0]),
                len(group),
                self._video_frame(run, int(frames[group[0]])),
                bool(np.asarray(slots.given)[group].any()),
                float(target[group].sum()),
                float(mass[group].sum()),
            )
            for group in groups
        ]

    def _add_given(self, run: _Run, shown: Shown, count: int, slots: Slots) -> None:
        frame_idx = self.frame_of(shown.image)
        run.first = run.first or (count, frame_idx)
        run.frames[count] = frame_idx
        holds = np.asarray(slots.valid) & (np.asarray(slots.frame_idx) == count)
        before = run.rows[-1] if run.rows else None
        nothing = np.zeros((0, 0)) if before is None else 0 * before["response"]
        row = {
            "given": True, "found": True, "certain": True, "distractor": False,
            "confidence": 1.0, "uncertainty": np.nan, "area": float(shown.mask.sum()),
            "target_entropy": np.nan, "entropy": np.nan, "reason": int(Reason.KEPT),
            "slot": int(np.argmax(holds)) if holds.any() else -1, "forgotten": -1,
            "crop": _NOWHERE, "response_crop": _NOWHERE, "response": nothing,
            "held": self._held(run, slots, None),
        }  # fmt: skip
        run.rows.append(row | self._pictured(run, frame_idx, shown))

    def _pictured(self, run: _Run, frame_idx: int, shown: Shown) -> dict[str, Any]:
        """Returns frame, masks and J of a row; the frame's picture is kept."""
        self.add_picture(frame_idx, shown.image)
        self._size = shown.mask.shape
        self._small = visualize.shrink(shown.image, WIDTH).shape[:2]
        truth = None if self.truth is None else self.truth(frame_idx, run.object_id)
        region = np.nan if truth is None else davis.region_overlap(shown.mask, truth)
        nothing = np.zeros(self._small, bool)
        return {
            "frame": frame_idx,
            "region": region,
            "mask": self._packed(shown.mask),
            "truth": np.packbits(nothing, -1) if truth is None else self._packed(truth),
        }

    def _packed(self, mask: Mask) -> UInt8[np.ndarray, "h b"]:
        height, width = self._small
        method = cv2.INTER_AREA
        small = cv2.resize(
            mask.astype(np.float32), (width, height), interpolation=method
        )
        return np.packbits(small > _THRESHOLD, axis=-1)


def _place(image: np.ndarray) -> tuple[Any, ...]:
    """Returns what tells an image in memory from all others that are held there."""
    return image.ctypes.data, image.shape, image.strides


def _jpeg(image: np.ndarray) -> bytes:
    bgr = cv2.cvtColor(visualize.shrink(image, WIDTH), cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return cv2.imencode(".jpg", bgr, options)[1].tobytes()


def _square(crop: Any) -> tuple[float, float, float]:
    if crop is None:
        return _NOWHERE
    x, y = np.asarray(crop.center_xy).tolist()
    return x, y, float(crop.side)
