"""Turns a folder of clips and photos into a TFDS data set, without TensorFlow.

python -m samn_jax.data.prepare DATA OUT
"""

import argparse
import collections
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tqdm

from samn_jax import commands, files
from samn_jax.data.clips import folder, tfds_records
from samn_jax.data.clips.sources import Frame, Sources
from samn_jax.errors import InputError

NAME, VERSION = "samn_clips", "1.0.0"
JPEG_QUALITY = 95  # of frames that aren't JPEG files to begin with


def prepare(data_dir: Path, output_dir: Path) -> dict[str, int]:
    """Writes the data set; returns how many photos, videos and frames it holds.

    Frames that can't be read, and masks of another size, stop it; no record is left.

    Raises:
      InputError: there is nothing to write, a file is bad, or the output exists or
        can't be written.
    """
    sources = folder.read_folder(data_dir)
    sources.report()
    if not sources.photos and not sources.videos:
        raise InputError(
            f"{files.shown(data_dir)} holds no frame with a mask: add masks, "
            "<frame>.png each"
        )
    names = collections.Counter(video.name for video in sources.videos)
    if names and max(names.values()) > 1:
        raise InputError(
            f"{files.shown(data_dir)} has two clips called {names.most_common(1)[0][0]}"
            ": rename one"
        )
    if os.path.lexists(output_dir) and not os.path.isdir(output_dir):
        raise InputError(
            f"{files.shown(output_dir)} is a file: give a folder to write to"
        )
    if output_dir.resolve().is_relative_to(data_dir.resolve()):
        raise InputError(
            f"{files.shown(output_dir)} lies in the data itself: give another folder"
        )
    if tfds_records.is_prepared(output_dir):
        raise InputError(
            f"{files.shown(output_dir)} holds a data set: give another folder"
        )
    with files.explained(output_dir):
        builder = _builder(sources, folder.fingerprint(data_dir), output_dir)
        builder.download_and_prepare(file_format="array_record")
    count = sum(len(video.frames) for video in sources.videos)
    return {
        "photos": len(sources.photos),
        "videos": len(sources.videos),
        "frames": len(sources.photos) + count,
    }


def _builder(sources: Sources, fingerprint: str, output_dir: Path) -> Any:
    """Returns the TFDS builder whose records are all frames in order."""
    import tensorflow_datasets as tfds

    metadata = tfds.core.MetadataDict(_index(sources))
    metadata[tfds_records.FINGERPRINT] = fingerprint

    # Its base is untyped, and so is what it does with the keyword.
    class Builder(  # type: ignore[call-arg]
        tfds.core.GeneratorBasedBuilder, skip_registration=True
    ):
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
            return {tfds_records.SPLIT: self._generate_examples()}

        def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
            return records(sources)

    return Builder(data_dir=str(output_dir))


def _index(sources: Sources) -> dict[str, Any]:
    """Returns where each photo and clip lies among the records."""
    photos = {photo.name: i for i, photo in enumerate(sources.photos)}
    videos, first = {}, len(photos)
    for video in sources.videos:
        videos[video.name] = [first, len(video.frames)]
        first += len(video.frames)
    return {tfds_records.PHOTOS: photos, tfds_records.VIDEOS: videos}


def records(sources: Sources) -> Iterator[tuple[int, dict[str, Any]]]:
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


def _image_bytes(frame: Frame, image: np.ndarray) -> bytes:
    """Returns the bytes of a JPEG file as they are, other images encoded as JPEG."""
    if frame.files and frame.files[0].suffix.lower() in (".jpg", ".jpeg"):
        return files.read_bytes(frame.files[0], "frame")
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
    return commands.run(_tell, parser, arguments)


def _tell(flags: argparse.Namespace) -> None:
    counts = prepare(flags.data_dir, flags.output_dir)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main())
