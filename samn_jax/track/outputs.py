"""What a run writes: overlays, masks, cut-outs, a table of boxes, run-length masks.

Each output is made under a partial name and is whole or absent; see `destination`.
"""

import abc
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np

from samn_jax import files, visualize
from samn_jax.data.formats import palette
from samn_jax.errors import InputError
from samn_jax.inspect import trace_file
from samn_jax.inspect.log import Log
from samn_jax.media.destination import Destination
from samn_jax.media.frames import FrameSource, numbered, shown_size
from samn_jax.track import rle
from samn_jax.track.results import FrameResult, ObjectResult

COLUMNS = (
    "frame", "time_s", "object_id", "name", "confidence", "uncertainty",
    "x", "y", "width", "height", "x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4",
)  # fmt: skip
_JPEG_QUALITY = 95
_JPEG_PX = 65_500  # side of a picture, as libjpeg has it


class Output(abc.ABC):
    """One thing that is written, frame by frame."""

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.count = 0  # frames written

    def add(self, result: FrameResult) -> None:
        """Adds a frame.

        Raises:
          InputError: it can't be written; nothing is left of the output then.
        """
        try:
            with files.explained(self.destination.path):
                self._add(result)
        except InputError:
            self.discard()
            self.count = 0
            raise
        self.count += 1

    def finish(self, *, whole: bool) -> Path | None:
        """Completes it and moves it to its place, which is returned; None if empty.

        Args:
          whole: whether the run succeeded; see `Destination.keep`.

        Raises:
          InputError: it can't be written; nothing is left of it then.
        """
        if not self.count:
            self.discard()
            return None
        try:
            with files.explained(self.destination.path):
                self._close()
        except BaseException:
            self.destination.discard()
            raise
        return self.destination.keep(whole=whole)

    def discard(self) -> None:
        """Removes what was made so far."""
        self.destination.discard()

    @abc.abstractmethod
    def _add(self, result: FrameResult) -> None: ...

    def _close(self) -> None:
        """Completes the partial file; pictures are complete as they are."""
        return


class Video(Output):
    """Overlays as a video."""

    def __init__(
        self, destination: Destination, source: FrameSource, every: int
    ) -> None:
        super().__init__(destination)
        from samn_jax.media.video_writer import VideoWriter  # FFmpeg, where needed.

        self._writer = VideoWriter(destination, source, every)

    def _add(self, result: FrameResult) -> None:
        self._writer.add(result.frame._replace(image=draw(result)))

    def _close(self) -> None:
        self._writer.close()


class Pictures(Output):
    """A folder of pictures: `name of the picture` → its bytes, for every frame."""

    def __init__(
        self,
        destination: Destination,
        encode: Callable[[FrameResult], dict[str, bytes]],
    ) -> None:
        super().__init__(destination)
        self._encode = encode

    def _add(self, result: FrameResult) -> None:
        for name, content in self._encode(result).items():
            path = self.destination.partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


class Table(Output):
    """Boxes and confidences as comma-separated values, a line a frame and object."""

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._file: TextIO | None = None

    def _add(self, result: FrameResult) -> None:
        if self._file is None:
            self._file = self.destination.partial.open("w", newline="")
            csv.writer(self._file).writerow(COLUMNS)
        time = f"{float(result.frame.time):.6f}"
        csv.writer(self._file).writerows(
            (result.frame.index, time, *_row(one)) for one in result.objects
        )

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def discard(self) -> None:
        """Removes what was made so far."""
        if self._file is not None:
            self._file.close()
        super().discard()


class RunLengths(Output):
    """Masks as COCO annotations, run-length encoded, in a JSON file."""

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []
        self._names: dict[int, str] = {}

    def _add(self, result: FrameResult) -> None:
        height, width = result.ids.shape
        number = len(self._images) + 1
        self._images.append(
            {
                "id": number,
                "file_name": result.frame.name,
                "frame": result.frame.index,
                "height": height,
                "width": width,
            }
        )
        for one in result.objects:
            self._names[one.object_id] = one.name
            mask = result.ids == one.object_id
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    "category_id": one.object_id,
                    "segmentation": rle.encode(mask),
                    "area": int(mask.sum()),
                    "bbox": list(one.box_xywh),
                    "score": one.confidence,
                    "iscrowd": 0,
                }
            )

    def _close(self) -> None:
        categories = [{"id": i, "name": name} for i, name in self._names.items()]
        content = {
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
        self.destination.partial.write_bytes(files.json_bytes(content))


class TraceFile(Output):
    """What the memory did, as a log is told it by the tracker."""

    def __init__(self, destination: Destination, log: Log) -> None:
        super().__init__(destination)
        self._log = log

    def _add(self, result: FrameResult) -> None:
        """Does nothing: the tracker has told the log."""

    def _close(self) -> None:
        with self.destination.partial.open("wb") as file:
            trace_file.write(file, self._log.content())


def draw(result: FrameResult) -> visualize.RGB:
    """Returns the frame with its objects tinted, outlined and named."""
    return visualize.draw_objects(result.frame.image, result.ids, labels(result))


def labels(result: FrameResult) -> dict[int, str]:
    """Returns the name and confidence of every object by id."""
    return {
        one.object_id: f"{one.name}  {'lost' if one.lost else f'{one.confidence:.2f}'}"
        for one in result.objects
    }


def overlay_picture(result: FrameResult) -> dict[str, bytes]:
    """Returns the overlay as a JPEG.

    Raises:
      InputError: it has more pixels along a side than a JPEG holds.
    """
    if max(result.ids.shape) > _JPEG_PX:
        raise InputError(
            f"a JPEG can't hold frames of {shown_size(result.ids.shape)}, {_JPEG_PX} "
            "pixels are the most: give --masks or --cutouts"
        )
    bgr = cv2.cvtColor(draw(result), cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    content = cv2.imencode(".jpg", bgr, options)[1].tobytes()
    return {f"{numbered(result.frame.index)}.jpg": content}


def mask_picture(result: FrameResult) -> dict[str, bytes]:
    """Returns the object ids as an indexed PNG with the DAVIS palette."""
    return {f"{result.frame.name}.png": palette.encode_indices(result.ids)}


def cutouts(result: FrameResult, several: bool) -> dict[str, bytes]:
    """Returns each object alone, as a PNG with alpha of the frame's size.

    Args:
      result: of the frame.
      several: whether each object has a folder of its own.
    """
    pictures = {}
    for one in result.objects:
        bgra = cv2.cvtColor(result.frame.image, cv2.COLOR_RGB2BGRA)
        bgra[..., 3] = one.alpha
        bgra[one.alpha == 0] = 0
        name = f"{numbered(result.frame.index)}.png"
        name = f"{one.name}/{name}" if several else name
        pictures[name] = cv2.imencode(".png", bgra)[1].tobytes()
    return pictures


def _row(one: ObjectResult) -> tuple[Any, ...]:
    """Returns an object's part of a line; an object that is lost has no boxes."""
    told = one.object_id, one.name, f"{one.confidence:.4f}", f"{one.uncertainty:.4f}"
    places = [*one.box_xywh, *np.asarray(one.polygon).ravel().tolist()]
    return *told, *("" if one.lost else f"{value:.2f}" for value in places)
