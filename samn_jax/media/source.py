"""Where frames come from: a folder of pictures, a video file, a camera."""

import contextlib
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2

from samn_jax import files
from samn_jax.data.formats import images, listing
from samn_jax.errors import InputError
from samn_jax.media.frames import RGB, Frame, FrameSource, numbered, shown_size

DEFAULT_RATE = Fraction(25)  # frames per second of a folder of pictures
_CAMERA_DIGITS = 4  # of its number


class PictureFolder(FrameSource):
    """The pictures of a folder in natural order, as frames."""

    def __init__(self, path: Path, rate: Fraction = DEFAULT_RATE) -> None:
        """Lists the pictures.

        Raises:
          InputError: there are none, or the folder can't be read.
        """
        self.name, self.rate = files.shown(path), rate
        self._files = list_pictures(path)
        self.num_frames = len(self._files)
        self._size: tuple[int, ...] | None = None

    def read(self, start: int, stop: int | None, step: int = 1) -> Iterator[Frame]:
        """Yields frames; see `FrameSource.read`."""
        end = len(self._files) if step > 0 else -1
        last = end if stop is None else min(stop, len(self._files))
        for index in range(start, last, step):
            image = images.read_frame(self._files[index])
            self._check_size(image, self._files[index])
            name = self._files[index].stem
            yield Frame(index, name, image, index / self.rate)

    def _check_size(self, image: RGB, path: Path) -> None:
        self._size = self._size or image.shape[:2]
        if image.shape[:2] != self._size:
            raise InputError(
                f"{files.shown(path)} is {shown_size(image.shape)}, the frames before "
                f"{shown_size(self._size)}: bring all to one size"
            )


class Camera(FrameSource):
    """A camera of this machine; its frames can only be read as they come."""

    def __init__(self, number: int) -> None:
        self.name, self._number = f"camera {number}", number
        self.rate, self.num_frames = DEFAULT_RATE, None

    def read(self, start: int, stop: int | None, step: int = 1) -> Iterator[Frame]:
        """Yields frames with the time at which each came; see `FrameSource.read`.

        Raises:
          InputError: it can't be opened or has stopped, or `step` is below 0.
        """
        if step < 0:
            raise InputError(f"{self.name} can't be read backward: record a video")
        with _no_warnings():
            capture = cv2.VideoCapture(self._number)
        try:
            yield from self._read(capture, start, stop, step)
        finally:
            capture.release()

    def _read(
        self, capture: Any, start: int, stop: int | None, step: int
    ) -> Iterator[Frame]:
        if not capture.isOpened():
            raise InputError(
                f"{self.name} can't be opened: check its number and that no other "
                "program uses it"
            )
        began, index = time.monotonic(), 0
        while stop is None or index < stop:
            found, image = capture.read()
            if not found:
                raise InputError(f"{self.name} gives no more frames: connect it")
            if index >= start and (index - start) % step == 0:
                now = Fraction(time.monotonic() - began).limit_denominator(1000)
                image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Frame(index, numbered(index), image, now)
            index += 1


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Keeps OpenCV from saying itself, in lines of its own, what an error will say."""
    told = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(told)


def open_source(text: str, rate: Fraction | None = None) -> FrameSource:
    """Returns the frames of a video file, a folder of pictures or a camera's number.

    Args:
      text: a path; a whole number is a camera where no file has that name.
      rate: frames per second of a folder of pictures; 25 if left out.

    Raises:
      InputError: there is no such thing, or it can't be read.
    """
    path = Path(text)
    if path.is_dir():
        return PictureFolder(path, rate or DEFAULT_RATE)
    if path.is_file():
        return _open_file(path)
    if text.isdecimal() and len(text) <= _CAMERA_DIGITS:
        return Camera(int(text))
    raise InputError(
        f"{files.shown(text)} is missing: give a video file, a folder of pictures or a "
        "camera's number"
    )


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """Returns the pictures of a folder in natural order.

    Raises:
      InputError: there are none, two are one frame, or the folder can't be read.
    """
    found = listing.list_frames(folder)
    if not found:
        raise InputError(
            f"{files.shown(folder)} holds no frames: put "
            f"{' or '.join(listing.FRAME_SUFFIXES)} files there"
        )
    return found


def _open_file(path: Path) -> FrameSource:
    if path.suffix.lower() in listing.FRAME_SUFFIXES:
        raise InputError(
            f"{files.shown(path)} is a picture: give a video, or the folder of frames"
        )
    from samn_jax.media import video_reader  # FFmpeg is loaded for videos only.

    return video_reader.VideoFile(path)
