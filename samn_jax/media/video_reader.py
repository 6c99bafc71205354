"""Video files through FFmpeg (PyAV): exact frames, and damage that is told.

Frames are counted in the order in which they are shown. Whatever the decoder would
conceal or leave out ends the reading with an error, after all frames before it.
"""

import bisect
import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.media.frames import RGB, Frame, FrameSource, Sound, numbered, shown_size

# Containers of videos. Play lists and the like, which lead to other files, are not.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,flv,ogg,asf,gif,apng,"
    "h264,hevc,m4v,mpegvideo,ivf,nut,mxf,dv,yuv4mpegpipe,av1,obu"
)
_MAX_PIXELS = 1 << 26  # of a frame; 8192 x 8192
_BLOCK_BYTES = 192 << 20  # of frames held at once to read them backward
_SEEK_FROM = 32  # frames: below, decoding from the start is as fast
# Clocks of milliseconds tell a rate of 60 to 6 %. More gaps than these are a rate that
# varies: cameras leave frames out in the dark.
_RATE_TOLERANCE, _MOST_GAPS = Fraction(1, 4), Fraction(1, 10)
_COPY_AGAIN = "copy it again, or convert it to .mp4"


class VideoFile(FrameSource):
    """A video file; every reading opens it anew, so that several may go on at once."""

    def __init__(self, path: Path) -> None:
        """Reads the header and the first frame.

        Raises:
          InputError: it is no video, or no frame can be decoded.
        """
        self.name, self._path = files.shown(path), path
        with self._open() as (container, stream):
            self.rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            self.num_frames = _promised_frames(stream, self.rate)
            aspect = stream.codec_context.sample_aspect_ratio
            first = next(self._decode(container, stream), None)
            if first is None:
                raise InputError(f"{self.name} has no readable frame: {_COPY_AGAIN}")
            self._offset = _time_of(first) or Fraction(0)
            self._rotation = first.rotation
            self._size = (first.height, first.width)
            has_sound = bool(container.streams.audio)
        if aspect and aspect > 0:
            turned = self._rotation % 180 != 0
            self.pixel_aspect = 1 / Fraction(aspect) if turned else Fraction(aspect)
        if has_sound:
            self.sound = Sound(path, self._offset)

    def read(self, start: int, stop: int | None, step: int = 1) -> Iterator[Frame]:
        """Yields frames; see `FrameSource.read`."""
        if step > 0:
            yield from self._forward(start, stop, step)
        else:
            yield from self._backward(start, -1 if stop is None else stop, -step)

    def _forward(self, start: int, stop: int | None, step: int) -> Iterator[Frame]:
        if stop is not None and stop <= start:
            return
        for index, decoded in self._decode_from(start):
            if index >= start and (index - start) % step == 0:
                image, time = self._upright(decoded, index), self._time(decoded, index)
                yield Frame(index, numbered(index), image, time)
            if stop is not None and index >= stop - 1:
                return

    def _backward(self, start: int, stop: int, step: int) -> Iterator[Frame]:
        """Yields frames from the last to the first, decoded forward in blocks."""
        block = max(1, _BLOCK_BYTES // (3 * self._size[0] * self._size[1]))
        while start > stop:
            count = min(block, -(-(start - stop) // step))
            low = start - (count - 1) * step
            frames = list(self._forward(low, start + 1, step))
            if len(frames) < count:
                raise InputError(f"{self.name} has no frame {start}: {_COPY_AGAIN}")
            yield from reversed(frames)
            start = low - step

    def _decode_from(self, index: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yields decoded frames with their indices, from that one or one before it."""
        key = self._key_before(index) if index >= _SEEK_FROM else None
        if key is not None and key.index > 0:
            with self._open() as (container, stream):
                container.seek(key.pts, stream=stream)
                found = self._decode(container, stream, whole=False)
                first = next((f for f in found if (f.pts or 0) >= key.pts), None)
                if first is not None and first.pts == key.pts:
                    yield key.index, first
                    yield from enumerate(found, key.index + 1)
                    return
        with self._open() as (container, stream):  # Seeking isn't worth it, or fails.
            yield from enumerate(self._decode(container, stream))

    def _decode(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        *,
        whole: bool = True,
    ) -> Iterator[av.VideoFrame]:
        """Yields decoded frames up to the first sign of damage, or to the end.

        Args:
          container: open, at its start or at a key frame.
          stream: of pictures.
          whole: whether it was read from the start, so that packets can be counted.

        Raises:
          InputError: a packet is cut or can't be decoded, a frame is concealed, or the
            file ends before what its header promises.
        """
        count = packets = 0
        times: list[Fraction] = []
        for packet in container.demux(stream):
            packets += packet.size > 0 or packet.pts is not None
            frames, damaged = _decode_packet(packet)
            for frame in frames:
                if frame.is_corrupt and count:
                    raise self._damaged(count)
                if not frame.is_corrupt:  # A recording may begin amid a group.
                    count += 1
                    times.append(_time_of(frame) or Fraction(0))
                    yield frame
            if damaged:
                raise self._damaged(count)
        if whole and (packets < stream.frames or _is_short(stream, times, self.rate)):
            raise self._damaged(count)

    def _damaged(self, count: int) -> InputError:
        promised = "" if self.num_frames is None else f" of {self.num_frames}"
        return InputError(
            f"{self.name} is cut short or damaged after {count}{promised} frames: "
            f"{_COPY_AGAIN}"
        )

    def _upright(self, frame: av.VideoFrame, index: int) -> RGB:
        if (frame.height, frame.width) != self._size:
            raise InputError(
                f"frame {index} of {self.name} is "
                f"{shown_size((frame.height, frame.width))}, those before "
                f"{shown_size(self._size)}: convert it to one size"
            )
        image = frame.to_ndarray(format="rgb24")
        turns = round(self._rotation / 90)
        return np.ascontiguousarray(np.rot90(image, turns)) if turns % 4 else image

    def _time(self, frame: av.VideoFrame, index: int) -> Fraction:
        time = _time_of(frame)
        return index / self.rate if time is None else time - self._offset

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
        """Gives the container and its first stream of pictures.

        Raises:
          InputError: it is no video, or has no pictures.
        """
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        try:
            # "file:" in front, for a colon in a name would make a protocol of it.
            container = av.open(f"file:{self._path}", options=options)
        except (av.error.FFmpegError, OSError) as error:
            raise InputError(
                f"{self.name} can't be read as a video: it is cut short, damaged or of "
                f"an unknown kind: {_COPY_AGAIN}"
            ) from error
        with container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise InputError(f"{self.name} holds no pictures: give a video")
            if stream.width * stream.height > _MAX_PIXELS:
                raise InputError(
                    f"{self.name} has frames of {stream.width} x {stream.height}: "
                    "make them smaller"
                )
            stream.thread_type = "AUTO"
            yield container, stream

    def _key_before(self, index: int) -> "_Key | None":
        keys = self._keys
        at = bisect.bisect_right([key.index for key in keys], index) - 1
        return keys[at] if at >= 0 else None

    @functools.cached_property
    def _keys(self) -> "list[_Key]":
        """Key frames, from the packets alone; none where they don't tell the order."""
        with self._open() as (container, stream):
            packets = [
                (packet.pts, packet.is_keyframe)
                for packet in container.demux(stream)
                if packet.size and not packet.is_discard
            ]
        first = next((i for i, (_, key) in enumerate(packets) if key), 0)
        packets = packets[first:]
        timed = [(pts, key) for pts, key in packets if pts is not None]
        times = {pts for pts, _ in timed}
        if len(times) < len(packets):  # one has no time, or that of another
            return []
        order = {pts: index for index, pts in enumerate(sorted(times))}
        return sorted(
            (_Key(order[pts], pts) for pts, key in timed if key),
            key=lambda key: key.index,
        )


@dataclasses.dataclass(frozen=True)
class _Key:
    """A frame from which decoding can begin."""

    index: int
    pts: int  # on the stream's clock


def _decode_packet(packet: av.Packet) -> tuple[list[av.VideoFrame], bool]:
    """Returns the frames that a packet completes, and whether it is damaged.

    Of a damaged one they are those that the decoder still held back.
    """
    try:
        if not packet.is_corrupt:
            return list(packet.decode()), False
    except av.error.FFmpegError:
        pass
    with contextlib.suppress(av.error.FFmpegError):
        return list(packet.stream.codec_context.decode(None)), True
    return [], True


def _time_of(frame: av.VideoFrame) -> Fraction | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return frame.pts * frame.time_base


def _duration(stream: av.VideoStream) -> Fraction | None:
    """Returns the stream's own length in seconds, if its header has it."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    text = stream.metadata.get("DURATION", "")  # Matroska: hh:mm:ss.fraction
    try:
        hours, minutes, seconds = text.split(":")
        return Fraction(int(hours) * 3600 + int(minutes) * 60) + Fraction(seconds)
    except ValueError:
        return None


def _promised_frames(stream: av.VideoStream, rate: Fraction) -> int | None:
    duration = _duration(stream)
    if stream.frames > 0:
        return stream.frames
    return None if not duration or duration < 0 else max(1, round(duration * rate))


def _is_short(
    stream: av.VideoStream, times: Sequence[Fraction], rate: Fraction
) -> bool:
    """Returns whether a stream that doesn't count its frames lacks some.

    It ends before its time, or frames of a constant rate are missing between.

    Args:
      stream: open.
      times: of its frames, seconds.
      rate: frames per second that the header says.
    """
    duration = _duration(stream)
    if stream.frames > 0 or duration is None or duration <= 0 or not times:
        return False
    begin = (stream.start_time or 0) * (stream.time_base or Fraction(1))
    if max(times) - begin + Fraction(5, 2) / rate < duration:
        return True
    steps = [later - time for time, later in itertools.pairwise(times)]
    regular = sum(abs(step * rate - 1) < _RATE_TOLERANCE for step in steps)
    gaps = sum(step * rate > 1 + _RATE_TOLERANCE for step in steps)
    return 0 < gaps < _MOST_GAPS * regular
