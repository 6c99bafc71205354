"""The sound track of a video, copied beside its new pictures."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

import av

from samn_jax.media.frames import Sound

# What each kind of file may hold and browsers play; other sound is encoded anew.
_COPIED = {
    ".webm": {"opus", "vorbis"},
    ".mp4": {"aac", "mp3", "opus", "flac", "ac3", "eac3"},
    ".m4v": {"aac", "mp3", "ac3"},
    ".mov": {"aac", "mp3", "ac3", "alac", "pcm_s16le", "pcm_s16be"},
    ".mkv": {"aac", "mp3", "opus", "vorbis", "flac", "ac3", "eac3", "pcm_s16le"},
}
_OPUS_HZ = 48_000

Timed = tuple[Fraction, av.Packet]  # seconds since the first picture, packet to write


class SoundTrack:
    """Sound that is copied as far as the pictures have come.

    A track that is damaged ends where it is damaged: the pictures go on.
    """

    def __init__(
        self, output: av.container.OutputContainer, packets: Iterator[Timed]
    ) -> None:
        self._output, self._packets = output, packets
        self._next = next(packets, None)

    @classmethod
    def add_to(
        cls,
        output: av.container.OutputContainer,
        sound: Sound,
        suffix: str,
        began: Fraction,
    ) -> "SoundTrack | None":
        """Adds a stream of sound to a file; returns None if the sound can't be read.

        Args:
          output: of which nothing has been written yet.
          sound: where it is.
          suffix: kind of the output.
          began: time of the first picture, as the source's frames tell it.
        """
        try:
            source = av.open(f"file:{sound.path}")
            stream = source.streams.audio[0]
        except (av.error.FFmpegError, OSError, IndexError):
            return None
        offset = sound.offset + began
        if stream.codec_context.name in _COPIED[suffix]:
            target = output.add_stream_from_template(stream)
            return cls(output, _copied(_Road(source, stream, target, offset)))
        is_webm = suffix == ".webm"
        rate = _OPUS_HZ if is_webm else stream.rate
        # Some files don't say where their channels are heard.
        layout = "mono" if stream.layout.nb_channels == 1 else "stereo"
        codec: Literal["libopus", "aac"] = "libopus" if is_webm else "aac"
        target = output.add_stream(codec, rate=rate, layout=layout)
        return cls(output, _encoded(_Road(source, stream, target, offset)))

    def copy_until(self, time: Fraction) -> None:
        """Copies what begins up to a time, in seconds since the first picture."""
        while self._next is not None and self._next[0] <= time:
            self._output.mux(self._next[1])
            self._next = next(self._packets, None)


class _Road(NamedTuple):
    """Where sound comes from and goes to."""

    source: av.container.InputContainer
    stream: av.AudioStream  # of the source
    target: av.AudioStream  # of the output
    offset: Fraction  # of the output's start in the source, seconds


def _copied(road: _Road) -> Iterator[Timed]:
    """Yields the packets as they are, on the clock of the output."""
    source, stream, target, offset = road
    with source, contextlib.suppress(av.error.FFmpegError):
        for packet in source.demux(stream):
            if packet.pts is None or not packet.size or packet.is_corrupt:
                continue
            shift = round(offset / packet.time_base)
            packet.pts -= shift
            packet.dts = packet.pts
            if packet.pts >= 0:
                packet.stream = target
                yield packet.pts * packet.time_base, packet


def _encoded(road: _Road) -> Iterator[Timed]:
    """Yields the sound encoded for the output."""
    source, stream, target, offset = road
    with source, contextlib.suppress(av.error.FFmpegError):
        for frame in source.decode(stream):
            if frame.pts is None:
                continue
            if frame.time_base is not None:
                frame.pts -= round(offset / frame.time_base)
            if frame.pts >= 0:
                yield from _timed(target.encode(frame))
    with contextlib.suppress(av.error.FFmpegError):
        yield from _timed(target.encode(None))


def _timed(packets: list[av.Packet]) -> Iterator[Timed]:
    for packet in packets:
        yield (packet.pts or 0) * packet.time_base, packet
