"""Turns a folder of clips and photos into a TFDS data set, without TensorFlow.

python -m samn_jax.data.prepare DATA OUT
"""

import argparse
import functools
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tqdm

from samn_jax.data.clips import folder as clips
from samn_jax.data.clips import records as prepared
from samn_jax.errors import InputError

NAME, VERSION = "samn_clips", "1.0.0"
JPEG_QUALITY = 95  # of frames that aren't JPEG files to begin with


def prepare(data_dir: Path, output_dir: Path) -> dict[str, int]:
    """Writes the data set; returns how many photos, videos and frames it holds.

    Frames that can't be read, and masks of another size, stop it.

    Raises:
      InputError: there is nothing to write, a file is bad, or the output exists.
    """
    sources = clips.read_sources(data_dir)
    sources.report()
    if not sources.photos and not sources.videos:
        raise InputError(
            f"{data_dir} holds no training data: images/ + masks/, or "
            "JPEGImages/<clip>/ + Annotations/<clip>/"
        )
    if prepared.is_prepared(output_dir):
        raise InputError(f"{output_dir} holds a data set: give another folder")
    builder = _builder(sources, clips.fingerprint(data_dir), output_dir)
    builder.download_and_prepare(file_format="array_record")
    count = sum(len(video.frames) for video in sources.videos)
    return {
        "photos": len(sources.photos),
        "videos": len(sources.videos),
        "frames": len(sources.photos) + count,
    }


def _builder(sources: clips.Sources, fingerprint: str, output_dir: Path) -> Any:
    """Returns the TFDS builder whose records are all frames in order."""
    import tensorflow_datasets as tfds

    metadata = tfds.core.MetadataDict(_index(sources))
    metadata[prepared.FINGERPRINT] = fingerprint

    class Builder(tfds.core.GeneratorBasedBuilder):
        """Frames of clips with object ids."""

        name = NAME
        VERSION = tfds.core.Version(VERSION)
        MODULE_DIRECTORY = str(Path(__file__).parent)

        def _info(self) -> tfds.core.DatasetInfo:
            features = tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "mask": tfds.features.Image(
                        shape=(None, None, 1), encoding_format="png"
                    ),
                    "clip": tfds.features.Text(),
                }
            )
            return tfds.core.DatasetInfo(
                builder=self,
                description="Frames with masks of object ids, clip by clip.",
                features=features,
                metadata=metadata,
                disable_shuffling=True,
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
            return {prepared.SPLIT: self._generate_examples()}

        def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
            return records(sources)

    return Builder(data_dir=str(output_dir))


def _index(sources: clips.Sources) -> dict[str, Any]:
    """Returns where each photo and clip lies among the records."""
    photos = {photo.name: i for i, photo in enumerate(sources.photos)}
    videos, first = {}, len(photos)
    for video in sources.videos:
        videos[video.name] = [first, len(video.frames)]
        first += len(video.frames)
    return {prepared.PHOTOS: photos, prepared.VIDEOS: videos}


def records(sources: clips.Sources) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields (number, record) of every frame: photos first, then clip by clip.

    Raises:
      InputError: a frame or mask can't be used.
    """
    frames = [("", photo) for photo in sources.photos]
    frames += [
        (video.name, frame) for video in sources.videos for frame in video.frames
    ]
    for number, (clip, frame) in enumerate(tqdm.tqdm(frames, disable=None)):
        image, ids = frame.load()
        record = {
            "image": io.BytesIO(_image_bytes(frame, image)),
            "mask": io.BytesIO(cv2.imencode(".png", ids)[1].tobytes()),
            "clip": clip,
        }
        yield number, record


def _image_bytes(frame: clips.Frame, image: np.ndarray) -> bytes:
    """Returns the bytes of a JPEG file as they are, other images encoded as JPEG."""
    load = frame.load
    path = load.args[0] if isinstance(load, functools.partial) else None
    if isinstance(path, Path) and path.suffix.lower() in (".jpg", ".jpeg"):
        return path.read_bytes()
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, quality)[1].tobytes()


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 2 after a one-line error."""
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.data.prepare", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("output_dir", type=Path)
    flags = parser.parse_args(arguments)
    try:
        counts = prepare(flags.data_dir, flags.output_dir)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
