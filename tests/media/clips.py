"""Small videos for the tests, written with PyAV alone."""

from fractions import Fraction

import av
import numpy as np

ROTATIONS = {  # clockwise degrees that a player turns it → the matrix of the track
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def make_frames(count=30, size=(96, 120)):
    """A square that moves over a ramp, with the noise that fills a file."""
    ramp = np.linspace(40, 200, size[1]).astype(np.uint8)
    base = np.broadcast_to(ramp[None, :, None], (*size, 3)).copy()
    frames = np.stack([base] * count)
    for index in range(count):
        x = 5 + 2 * index % (size[1] - 40)
        frames[index, 30:60, x : x + 30] = 220, 30, 30
    noise = np.random.default_rng(0).integers(-12, 13, frames.shape)
    return (frames + noise).clip(0, 255).astype(np.uint8)


def write_video(
    path, frames, codec="libx264", rate=Fraction(25), sound=None, times=None, gop=12
):
    """Writes a video; `sound` names the codec of a tone of the same length."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = gop
        stream.bit_rate = 4_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        track = None
        if sound is not None:
            track = container.add_stream(sound, rate=48_000, layout="stereo")
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times is not None:
                picture.pts, picture.time_base = times[index], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if track is not None:
            _write_tone(container, track, float(len(frames) / rate))
    return path


class _Sent:
    """A file that can only be written on and on, as what is sent."""

    def __init__(self, path):
        self._path = path
        path.write_bytes(b"")

    def write(self, data):
        with self._path.open("ab") as file:
            return file.write(data)


def write_sent(path, frames):
    """Writes a Matroska file whose header tells no length."""
    with av.open(_Sent(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames.shape[1:3]
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _write_tone(container, track, seconds):
    time = np.arange(int(seconds * 48_000)) / 48_000
    tone = (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    for at in range(0, len(tone), 960):
        part = np.repeat(tone[at : at + 960], 2)[None]
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, at
        frame.time_base = Fraction(1, 48_000)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def turn(path, clockwise):
    """Sets the rotation in the header of an .mp4, as a phone held upright does."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in ROTATIONS[clockwise])
    rows = (a, b, 0, c, d, 0, 0, 0, 1 << 30)
    data[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in rows)
    path.write_bytes(data)


def cut(path, share):
    """Keeps the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def damage(path, at=0.5, count=300):
    """Overwrites bytes in the middle of a file with noise."""
    data = bytearray(path.read_bytes())
    begin = int(len(data) * at)
    noise = np.random.default_rng(0).integers(0, 256, count).tolist()
    data[begin : begin + count] = bytes(noise)
    path.write_bytes(data)


def read_back(path):
    """Frames, stream facts and sound packets of a video, by PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(stream)]
        facts = {
            "codec": stream.codec_context.name,
            "pixels": stream.codec_context.pix_fmt,
            "rate": stream.average_rate,
            "aspect": stream.sample_aspect_ratio,
        }
    sound = []
    with av.open(str(path)) as container:
        if container.streams.audio:
            track = container.streams.audio[0]
            packets = list(container.demux(track))
            sound = [bytes(p) for p in packets if p.size]
            times = [float(p.pts * p.time_base) for p in packets if p.size]
            facts["sound"] = (track.codec_context.name, times[0], times[-1])
    return frames, facts, sound
