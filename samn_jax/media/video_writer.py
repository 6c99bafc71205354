"""Video files that browsers play, through FFmpeg: H.264 in .mp4, VP9 in .webm."""

import contextlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.reformatter import ColorRange, Colorspace

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.media.destination import Destination
from samn_jax.media.frames import Frame, FrameSource, shown_size
from samn_jax.media.sound import SoundTrack

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
_MATROSKA = (".mkv", ".webm")
# The first that this build of FFmpeg has is taken; builds under the LGPL have no x264.
_H264 = ("libx264", "libopenh264", "h264_videotoolbox")
_VP9 = ("libvpx-vp9",)
_OPTIONS = {
    "libx264": {"crf": "18", "preset": "veryfast", "g": "50"},
    "libopenh264": {"b": "8M"},
    "h264_videotoolbox": {"b": "8M"},
    "libvpx-vp9": {
        "crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1",
        "g": "50",
    },
}  # fmt: skip
_BT709 = 1  # matrix, primaries and transfer, in the tables of ITU-T H.273
_LIMITED_RANGE = 1  # of FFmpeg's AVCOL_RANGE
_MOST_PX = 16384  # side of a frame, of H.264 and VP9 alike
_SLOWEST = 10**6  # seconds a frame; FFmpeg has fractions of 32 bits
_TICKS = 10_000  # at least so many a second


class VideoWriter:
    """Writes frames of one size, and the sound track that goes with them."""

    def __init__(
        self, destination: Destination, source: FrameSource, every: int = 1
    ) -> None:
        """Prepares the file, which is opened with the first frame.

        Args:
          destination: of the file; its suffix decides the kind.
          source: of the frames; its rate, pixels and sound track are kept.
          every: frames of the source from one that is written to the next.
        """
        self._destination, self._source = destination, source
        slow = (source.rate / every).limit_denominator(_SLOWEST)
        self._rate = max(slow, Fraction(1, _SLOWEST))
        self._container: av.container.OutputContainer | None = None
        self._stream: av.VideoStream
        self._sound: SoundTrack | None = None
        self._began = Fraction(0)
        self._last_tick = -1
        self._size: tuple[int, ...] = ()
        self.count = 0  # frames written

    def add(self, frame: Frame) -> None:
        """Adds a frame, later than those before.

        Raises:
          InputError: the file can't be written.
        """
        with _explained(self._destination.path):
            container = self._container
            if container is None:
                container = self._open(frame)
            container.mux(self._encode(frame))
            self.count += 1
            if self._sound is not None:
                self._sound.copy_until(frame.time - self._began)

    def close(self) -> None:
        """Finishes the partial file and makes sure that it is whole.

        Raises:
          InputError: it can't be written, or holds other frames than were added.
        """
        if self._container is None:
            return
        with _explained(self._destination.path):
            self._container.mux(self._stream.encode())
            if self._sound is not None:
                last = self._last_tick * self._stream.codec_context.time_base
                self._sound.copy_until(last + 1 / self._rate)
            self._container.close()
        self._verify()

    def _open(self, first: Frame) -> av.container.OutputContainer:
        self._size = first.image.shape[:2]
        self._began = first.time
        path = self._destination.partial
        if max(self._size) > _MOST_PX:
            raise InputError(
                f"{files.shown(self._destination.path)} can't hold frames of "
                f"{shown_size(self._size)}, {_MOST_PX} pixels are the most: write a "
                "folder"
            )
        odd = self._size[0] % 2 or self._size[1] % 2
        codec = _choose_codec(path.suffix.lower(), bool(odd))
        options = {} if path.suffix.lower() in _MATROSKA else {"movflags": "faststart"}
        self._container = av.open(f"file:{path}", "w", options=options)
        rate, options = self._rate, _OPTIONS[codec]
        added = self._container.add_stream(codec, rate=rate, options=options)
        stream = cast(av.VideoStream, added)  # as all codecs of `_OPTIONS` are
        stream.height, stream.width = self._size
        # H.264 halves its color planes and so wants even sides; VP9 rounds up.
        stream.pix_fmt = "yuv444p" if odd and codec not in _VP9 else "yuv420p"
        context = stream.codec_context
        ticks = rate.numerator * -(-_TICKS // rate.numerator)
        context.time_base = Fraction(1, ticks)
        context.sample_aspect_ratio = self._source.pixel_aspect
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED_RANGE
        self._stream = stream
        if self._source.sound is not None:
            self._sound = SoundTrack.add_to(
                self._container, self._source.sound, path.suffix.lower(), first.time
            )
        return self._container

    def _encode(self, frame: Frame) -> list[av.Packet]:
        if frame.image.shape[:2] != self._size:
            raise InputError(
                f"frame {frame.index} is {shown_size(frame.image.shape)}, those before "
                f"{shown_size(self._size)}: bring all to one size"
            )
        picture = av.VideoFrame.from_ndarray(frame.image, format="rgb24").reformat(
            format=self._stream.pix_fmt,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        time_base = self._stream.codec_context.time_base
        tick = round((frame.time - self._began) / time_base)
        self._last_tick = picture.pts = max(tick, self._last_tick + 1)
        picture.time_base = time_base
        return self._stream.encode(picture)

    def _verify(self) -> None:
        path = self._destination.path
        try:
            with av.open(f"file:{self._destination.partial}") as container:
                stream = container.streams.video[0]
                packets = container.demux(stream)
                count = sum(1 for packet in packets if packet.size)
                size = stream.height, stream.width
        except (av.error.FFmpegError, OSError, IndexError) as error:
            raise InputError(
                f"{files.shown(path)} can't be read back ({error}): write elsewhere"
            ) from error
        if count != self.count or size != self._size:
            raise InputError(
                f"{files.shown(path)} holds {count} of {self.count} frames of "
                f"{shown_size(size)}: free some space, or write elsewhere"
            )


def check_suffix(path: Path) -> None:
    """Makes sure that the suffix names a kind of video.

    Raises:
      InputError: it doesn't.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{files.shown(path)} has no suffix of a video: end it with "
            f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Does what `files.explained` does, for FFmpeg's errors as well."""
    with files.explained(path):
        try:
            yield
        except av.error.FFmpegError as error:
            raise OSError(error.errno, error.strerror) from error


def _choose_codec(suffix: str, odd: bool) -> str:
    """Returns the encoder for a kind of file, and for frames with an odd side.

    Raises:
      InputError: this build of FFmpeg has none.
    """
    kinds: dict[str, Sequence[str]] = {".webm": _VP9, ".mov": _H264, ".m4v": _H264}
    wanted = kinds.get(suffix, _VP9 + _H264 if odd else _H264 + _VP9)
    for name in wanted:
        if _encodes(name):
            return name
    raise InputError(
        f"FFmpeg lacks {' and '.join(wanted)}: pip install av, or write a folder"
    )


def _encodes(name: str) -> bool:
    try:
        av.Codec(name, "w")
    except ValueError:
        return False
    return True
