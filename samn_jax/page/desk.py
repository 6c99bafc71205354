"""What the page does when something is clicked: a session, a frame and an object."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from samn_jax import visualize
from samn_jax.data.formats import images
from samn_jax.errors import InputError
from samn_jax.media.source import Frame
from samn_jax.page import export, remembered, store, timeline
from samn_jax.page.session import Session
from samn_jax.track import outputs
from samn_jax.track.results import FrameResult
from samn_jax.visualize import RGB

SHOWN_HEIGHT = 560  # pixels of the picture on the page, if it is not wider
_SHOWN_EVERY = 0.4  # seconds between pictures while tracking
_MIN_BOX_PX = 3


class View(NamedTuple):
    """What the page shows."""

    picture: RGB
    strip: RGB
    frame_idx: int
    object_id: int | None  # the one that marks are of
    message: str


class Desk:
    """One person's view of a session; every method returns what is to be shown."""

    def __init__(self, session: Session, folder: Path) -> None:
        """Begins at the first frame.

        Args:
          session: of one person.
          folder: for files to download.
        """
        self.session, self._folder = session, folder
        self.frame_idx = 0
        self.object_id: int | None = None
        self._corner: tuple[int, int] | None = None  # of a box, after one click
        self._scale = 1.0  # of the picture that is shown
        self._stop = threading.Event()

    def view(self, message: str = "") -> View:
        """Returns the frame as it is known now."""
        frame = self.session.source.frame(self.frame_idx)
        return self._view(frame, self.session.result(self.frame_idx, frame), message)

    def go_to(self, frame_idx: int) -> View:
        """Shows another frame."""
        self.frame_idx = min(max(int(frame_idx), 0), self.session.num_frames - 1)
        self._corner = None
        return self.view()

    def go_to_column(self, x: int) -> View:
        """Shows the frame at a column of the strip."""
        return self.go_to(timeline.frame_at(self.session, x))

    def go_to_check(self, way: int) -> View:
        """Shows the next frame worth a look, forward or backward."""
        frames = self.session.worth_checking()
        found = timeline.next_to_check(frames, self.frame_idx, way)
        if found is None:
            return self.view("no frame on that side looks wrong")
        return self.go_to(found)

    def choose(self, object_id: int | None) -> View:
        """Makes an object the one that marks are of."""
        self.object_id = object_id if object_id in self.session.work.names else None
        self._corner = None
        return self.view()

    def add_object(self, name: str) -> View:
        """Adds an object and chooses it."""
        self.object_id = self.session.add_object(name)
        return self.view("click two corners of its box in the picture, or give a mask")

    def remove_object(self) -> View:
        """Removes the chosen object."""
        if self.object_id is None:
            raise InputError("no object is chosen: choose one")
        self.session.remove_object(self.object_id)
        self.object_id = next(iter(self.session.work.names), None)
        return self.view()

    @property
    def has_corner(self) -> bool:
        """Returns whether the next click marks the object."""
        return self._corner is not None

    def click(self, x_shown: int, y_shown: int) -> View:
        """Takes a corner of a box; the second one marks the object.

        Args:
          x_shown: column in the picture of a view.
          y_shown: row in it.
        """
        x, y = round(x_shown / self._scale), round(y_shown / self._scale)
        if self.object_id is None:
            self.object_id = self.session.add_object()
        if self._corner is None:
            self._corner = (x, y)
            view = self.view("now the opposite corner")
            color = visualize.object_color(self.object_id)
            place, kind = (x_shown, y_shown), cv2.MARKER_CROSS
            cv2.drawMarker(view.picture, place, color, kind, 24, 2, cv2.LINE_AA)
            return view
        (left, right), (top, bottom) = (
            sorted((self._corner[0], x)),
            sorted((self._corner[1], y)),
        )
        self._corner = None
        if right - left < _MIN_BOX_PX or bottom - top < _MIN_BOX_PX:
            raise InputError("the box is too small: click two opposite corners")
        box = (float(left), float(top), float(right - left), float(bottom - top))
        self.session.mark(self.object_id, self.frame_idx, box_xywh=box)
        return self.view(self._marked())

    def give_mask_file(self, path: Path) -> View:
        """Marks the chosen object, or those of a mask of several, by a file."""
        ids = images.read_mask(path)
        numbers = [number for number in np.unique(ids).tolist() if number]
        if len(numbers) > 1:
            for number in numbers:
                known = number in self.session.work.names
                self.object_id = number if known else self.session.add_object()
                self.session.mark(self.object_id, self.frame_idx, mask=ids == number)
            return self.view(self._marked())
        return self.give_mask(ids > 0)

    def give_mask(self, mask: np.ndarray) -> View:
        """Marks the chosen object by a mask."""
        if self.object_id is None:
            self.object_id = self.session.add_object()
        self.session.mark(self.object_id, self.frame_idx, mask=mask)
        return self.view(self._marked())

    def unmark(self) -> View:
        """Takes back the chosen object's mark in this frame."""
        if self.object_id is None:
            raise InputError("no object is chosen: choose one")
        self.session.unmark(self.object_id, self.frame_idx)
        return self.view()

    def track(self, start: int, end: int) -> Iterator[View]:
        """Tracks from a frame to another, showing some on the way."""
        yield from self._run(
            lambda stop: self.session.track(start, end, stop), abs(end - start) + 1
        )

    def track_stale(self) -> Iterator[View]:
        """Tracks anew what a correction in this frame has made stale."""
        count = sum(index > self.frame_idx for index in self.session.work.stale)
        if count:
            at = self.frame_idx
            yield from self._run(
                lambda stop: self.session.track_stale(at, stop), count + 1
            )

    def stop(self) -> None:
        """Ends the tracking after the present frame."""
        self._stop.set()

    def undo(self) -> View:
        """Takes back the last change."""
        done = self.session.undo()
        if self.object_id not in self.session.work.names:
            self.object_id = next(iter(self.session.work.names), None)
        return self.view("" if done else "there is nothing to undo")

    def memory(self) -> list[tuple[RGB, str]]:
        """Returns pictures of what the chosen object's memory holds in this frame."""
        if self.object_id is None:
            raise InputError("no object is chosen: choose one")
        found = remembered.find(self.session, self.object_id, self.frame_idx)
        return remembered.draw(self.session, self.object_id, found)

    def look_inside(self) -> str:
        """Returns the page of what the chosen object's memory did up to this frame."""
        if self.object_id is None:
            raise InputError("no object is chosen: choose one")
        return remembered.look_inside(self.session, self.object_id, self.frame_idx)

    def export(self, kinds: Sequence[str]) -> list[Path]:
        """Returns files to download."""
        return export.export(self.session, kinds, self._new_folder())

    def save(self) -> Path:
        """Returns the session as a file to download."""
        path = self._new_folder() / "session.samn"
        store.save(self.session, path)
        return path

    def load(self, path: Path) -> View:
        """Goes on with a saved session."""
        store.load(self.session, path)
        self.object_id = next(iter(self.session.work.names), None)
        return self.view("the session is open")

    def _run(
        self,
        work: Callable[[Callable[[], bool]], Iterator[FrameResult | None]],
        total: int,
    ) -> Iterator[View]:
        self._stop.clear()
        done, shown = 0, time.monotonic()
        began = shown
        yield self.view("compiling, if frames of this size are new ...")
        try:
            for result in work(self._stop.is_set):
                if result is None:
                    continue
                done += 1
                self.frame_idx = result.frame.index
                now = time.monotonic()
                if now - shown >= _SHOWN_EVERY:
                    shown = now
                    left = (total - done) * (now - began) / done
                    message = f"tracked {done} of {total} frames, {left:.0f} s left"
                    yield self._view(result.frame, result, message)
        finally:
            self._stop.clear()
        yield self.view(f"tracked {done} of {total} frames")

    def _view(self, frame: Frame, result: FrameResult | None, message: str) -> View:
        strip = timeline.draw(self.session, self.frame_idx)
        # Where a picture is shown larger than it is, gradio tells clicks wrongly.
        self._scale = max(1.0, SHOWN_HEIGHT / frame.image.shape[0])
        size = [round(self._scale * side) for side in frame.image.shape[1::-1]]
        picture = cv2.resize(frame.image, size, interpolation=cv2.INTER_CUBIC)
        if result is not None:
            ids = cv2.resize(result.ids, size, interpolation=cv2.INTER_NEAREST)
            picture = visualize.draw_objects(picture, ids, outputs.labels(result))
        return View(picture, strip, self.frame_idx, self.object_id, message)

    def _marked(self) -> str:
        stale = len(self.session.work.stale)
        told = f"marked in frame {self.frame_idx}"
        return f"{told}; {stale} frames are to be tracked anew" if stale else told

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))


def painted_mask(editor: dict[str, Any] | None) -> np.ndarray:
    """Returns what was painted over a picture.

    Args:
      editor: layers of an image editor, RGBA.

    Raises:
      InputError: nothing was.
    """
    layers = [] if editor is None else editor.get("layers") or []
    painted = [np.asarray(layer)[..., 3] > 0 for layer in layers]
    mask = np.any(painted, axis=0) if painted else np.zeros((1, 1), bool)
    if not mask.any():
        raise InputError("nothing is painted: paint over the object first")
    return mask
