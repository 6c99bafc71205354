"""Tracks objects: python -m samn_jax.track VIDEO --box x,y,w,h --output OUT.

VIDEO is a video file or a folder of frames, OUT a video file or a folder of pictures.
A mask may hold several objects, each with an id of its own.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import jax
import numpy as np
import tqdm

from samn_jax import compilation, visualize
from samn_jax.data.formats import images
from samn_jax.errors import InputError
from samn_jax.tracking import MultiPrediction, Prediction, Tracker
from samn_jax.tracking.predictor import State

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov")
DEFAULT_RATE = 25.0


def read_video(path: Path) -> tuple[Iterator[np.ndarray], int, float]:
    """Returns the RGB frames, how many there should be, and frames per second.

    Raises:
      InputError: there is no such file or folder, or it holds no frames.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in FRAME_SUFFIXES)
        if not files:
            raise InputError(f"{path} holds no frames: put .jpg or .png files there")
        return map(images.read_frame, files), len(files), DEFAULT_RATE
    capture = cv2.VideoCapture(str(path)) if path.is_file() else None
    if capture is None or not capture.isOpened():
        raise InputError(f"{path} is neither a video nor a folder of frames")
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    rate = capture.get(cv2.CAP_PROP_FPS) or DEFAULT_RATE
    return _frames_of(capture, path), count, rate


def _frames_of(capture: cv2.VideoCapture, path: Path) -> Iterator[np.ndarray]:
    found = False
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        found = True
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    capture.release()
    if not found:
        raise InputError(f"{path} has no readable frame: convert it to .mp4 first")


class Writer:
    """Writes overlays as a video, or as numbered pictures into a folder."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._video: cv2.VideoWriter | None = None
        self.count = 0  # pictures written
        folder = path.parent if path.suffix.lower() in VIDEO_SUFFIXES else path
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder} can't be written: {error.strerror}") from error

    def add(self, frame: np.ndarray) -> None:
        """Adds an RGB frame.

        Raises:
          InputError: the file can't be written.
        """
        bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
        if self._path.suffix.lower() in VIDEO_SUFFIXES:
            self._add_to_video(bgr)
        elif not cv2.imwrite(str(self._path / f"{self.count:05d}.jpg"), bgr):
            raise InputError(f"{self._path} can't be written: choose another --output")
        self.count += 1

    def _add_to_video(self, bgr: np.ndarray) -> None:
        if self._video is None:
            size = bgr.shape[1], bgr.shape[0]
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._video = cv2.VideoWriter(str(self._path), codec, self._rate, size)
            if not self._video.isOpened():
                raise InputError(
                    f"{self._path} can't be written: choose another --output"
                )
        self._video.write(bgr)

    def close(self) -> None:
        """Finishes the file."""
        if self._video is not None:
            self._video.release()


def draw(frame: np.ndarray, answer: Prediction | MultiPrediction) -> np.ndarray:
    """Returns the frame with masks, rotated boxes and confidences on it."""
    if isinstance(answer, MultiPrediction):
        ids, numbers = np.asarray(answer.ids), np.asarray(answer.object_ids)
        slots = np.flatnonzero(numbers).tolist()
        parts = [jax.tree.map(lambda x, i=i: x[i], answer.objects) for i in slots]
        names = [f"{numbers[i]}: " for i in slots]
    else:
        ids, parts, names = (answer.mask > 0.5).astype(np.uint8), [answer], [""]
    picture = visualize.overlay_mask(frame, ids)
    for row, (name, part) in enumerate(zip(names, parts, strict=True)):
        confidence = float(part.confidence)
        if confidence > 0:
            corners = np.asarray(part.polygon).round().astype(np.int32)
            cv2.polylines(picture, [corners], True, (255, 230, 0), 2)
        label = name + (f"{confidence:.2f}" if confidence > 0 else "lost")
        place, white = (8, 22 + 24 * row), (255, 255, 255)
        cv2.putText(picture, label, place, 0, 0.7, white, 2, cv2.LINE_AA)
    return picture


def start(
    tracker: Tracker,
    frame: np.ndarray,
    ids: np.ndarray | None,
    box_xywh: tuple[float, ...] | None,
) -> tuple[State, np.ndarray]:
    """Returns the state after the first frame, and its picture.

    Args:
      tracker: what tracks.
      frame: RGB.
      ids: mask of one object or more, 0 the background; or
      box_xywh: the box of one.

    Raises:
      InputError: as in `Tracker.init`.
    """
    numbers = [] if ids is None else np.unique(ids[ids > 0]).tolist()
    if len(numbers) < 2:
        mask = None if ids is None else ids > 0
        state, answer = tracker.init(frame, mask=mask, box_xywh=box_xywh)
        return state, draw(frame, answer)
    state = None
    for number in numbers:
        state = tracker.add_object(state, frame, ids == number, number)
    return state, visualize.overlay_mask(frame, ids)


def track_file(args: argparse.Namespace) -> None:
    """Tracks through the whole video and writes the overlays.

    Raises:
      InputError: bad input. What was written up to then is kept.
    """
    if args.output.resolve() == args.video.resolve():
        raise InputError(f"{args.output} is the video itself: choose another --output")
    frames, count, rate = read_video(args.video)
    ids = None if args.mask is None else images.read_mask(args.mask)
    tracker = Tracker.from_checkpoint(args.checkpoint)
    writer = Writer(args.output, rate)
    state = None
    try:
        for frame in tqdm.tqdm(frames, total=count, unit="frame", disable=None):
            if state is None:
                state, picture = start(tracker, frame, ids, args.box)
            else:
                state, answer = tracker.step_in_place(state, frame)
                picture = draw(frame, answer)
            writer.add(picture)
    finally:
        writer.close()
    print(f"wrote {args.output}: {writer.count} of {count} frames")


def _box(text: str) -> tuple[float, ...]:
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not x,y,w,h") from error
    return x, y, width, height


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Returns the command line's values."""
    parser = argparse.ArgumentParser(prog="samn_jax.track", description=__doc__)
    parser.add_argument("video", type=Path, help="video file, or folder of frames")
    first = parser.add_mutually_exclusive_group(required=True)
    first.add_argument("--box", type=_box, help="x,y,w,h in the first frame, pixels")
    first.add_argument("--mask", type=Path, help="mask of one object or more, a .png")
    parser.add_argument("--output", type=Path, required=True, help=".mp4 or a folder")
    parser.add_argument("--checkpoint", default="lite", help="model file or `lite`")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 2 after a one-line error."""
    # FFmpeg's own messages would come between; a file that it can't read is named.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    compilation.keep_compiled()
    try:
        track_file(parse(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
